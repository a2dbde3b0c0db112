"""What makes a serial NOR flash: the real chips, their memory, their SFDP and their protection."""
