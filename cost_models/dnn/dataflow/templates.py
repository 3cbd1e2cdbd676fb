"""The words for the four templates, apart from their kernels, which are slow to import."""

# After NVDLA, ShiDianNao, (weights stay, columns spread) and Eyeriss.
DATAFLOWS = ("kcp_ws", "yxp_os", "xp_ws", "rs")
