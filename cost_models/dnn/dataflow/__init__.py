"""The four template dataflows of MAESTRO: what they cost layer by layer."""
