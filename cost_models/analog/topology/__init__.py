"""Circuits as graphs of pins and nets, their walks, the rules they obey, and their sizing."""
