"""Loop-nest mappings on a machine of four levels, with the semantics of Timeloop v3.0."""
