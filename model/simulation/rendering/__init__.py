"""Rendering with PyBullet: bodies, meshes, textures and the camera."""
