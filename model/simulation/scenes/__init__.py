"""Random scenes: layout, lighting and camera poses."""
