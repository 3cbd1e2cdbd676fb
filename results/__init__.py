"""The results store: runs, tables of enumerated spaces, leaderboards, replay."""
