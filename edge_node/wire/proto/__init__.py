"""The DDC messages: .proto files written from the protocol's tables, and the code `make proto` makes of them."""
