"""Memory of a GPU."""

import gc

import torch


class MemoryMeter:
    """Memory since its construction; None where there is no GPU."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._free = 0
        if device.type == "cuda":
            gc.collect()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
            self._free, _ = torch.cuda.mem_get_info(device)

    def read(self) -> dict[str, int | None]:
        """Return PyTorch's peak, and by how much the memory in use on the whole GPU has grown.

        The second counts what other libraries allocate, and other programs.
        """
        if self._device.type != "cuda":
            return {"peak_torch_bytes": None, "device_growth_bytes": None}
        free, _ = torch.cuda.mem_get_info(self._device)
        return {
            "peak_torch_bytes": torch.cuda.max_memory_allocated(self._device),
            "device_growth_bytes": max(0, self._free - free),
        }
