"""Other people's tools behind our contract, each in a Python and a process of its own."""
