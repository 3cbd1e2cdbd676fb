"""Learned cost models: trained on what others measured, usable wherever a cost model is."""
