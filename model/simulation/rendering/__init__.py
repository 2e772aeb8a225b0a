"""PyBullet: bodies, meshes, textures and the camera's picture."""
