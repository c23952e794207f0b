"""What carries out the described calls, one file per pallet."""
