"""Names of the columns of designs."""

PES, MEMS, BUSES = "pes", "mems", "buses"
PE_BUS, MEM_BUS, BUS_LINKS = "pe_bus", "mem_bus", "bus_links"
TASK_PE, TASK_MEM = "task_pe", "task_mem"

COLUMNS = (PES, MEMS, BUSES, PE_BUS, MEM_BUS, BUS_LINKS, TASK_PE, TASK_MEM)
MOST_BLOCKS = 64  # of a kind

IP, SRAM, DRAM, INTERCONNECT = "ip", "sram", "dram", "ic"
