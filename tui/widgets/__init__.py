"""What screens are put together from: sheets of lines, tables, the strip, the key line, the filter."""
