"""`pip install .` gives the model alone, as `eovseg_model`; the node comes with `colcon build`."""

from setuptools import find_packages, setup

PACKAGES = ["eovseg_model"] + ["eovseg_model." + name for name in find_packages("model")]

setup(
    name="eovseg_model",
    version="0.1.0",
    description="EOV-Seg: open-vocabulary panoptic segmentation in PyTorch",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=PACKAGES,
    package_dir={"eovseg_model": "model"},
    package_data={
        "": ["*.pyi"],
        "eovseg_model": ["py.typed", "vocabulary/data/*.json", "weights/*.safetensors", "weights/*.json"],
    },
    # Not the node's scripts of setup.cfg, which need ROS.
    entry_points={"console_scripts": ["eovseg = eovseg_model.cli.main:main"]},
    install_requires=[
        "filelock",
        "gdown>=6.5",
        "lazy_loader>=0.4",
        "numpy",
        "open_clip_torch>=2.24",
        "opencv-python-headless",
        "pillow",
        "platformdirs>=3",
        "requests",
        "safetensors>=0.4",
        "scipy",
        "torch>=2.6",
        "torchvision>=0.21",
        "tqdm",
    ],
    extras_require={
        "evaluation": ["hotcoco>=1.3"],
        "export": ["onnx", "onnxscript", "openvino"],
        "simulation": ["pybullet>=3.2.6"],
        "training": ["lightning-fabric>=2.4", "tensorboard>=2.16"],
    },
)
