"""Export to OpenVINO IR."""

from pathlib import Path

from torch.export import ExportedProgram

from .program import INPUT_NAMES, OUTPUT_NAMES


def write_openvino(program: ExportedProgram, path: Path) -> None:
    """Write path, an .xml file, and the weights beside it as .bin.

    The program may use one_operator_deform, for which OpenVINO has a fast kernel. Raises ImportError if
    openvino is not installed.
    """
    import openvino

    assert program.example_inputs is not None
    network = openvino.convert_model(program)
    inputs = zip(network.inputs, program.example_inputs[0], strict=True)
    network.reshape({port: list(example.shape) for port, example in inputs})
    for port, name in zip(network.inputs, INPUT_NAMES, strict=True):
        port.get_tensor().set_names({name})
    for port, name in zip(network.outputs, OUTPUT_NAMES, strict=True):
        port.get_tensor().set_names({name})
    openvino.save_model(network, str(path), compress_to_fp16=False)
