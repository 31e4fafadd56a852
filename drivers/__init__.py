"""Protocols and products: engines that read and command real devices, driven by one TOML file per product.

`modbus`, `sunspec` and `mqtt` are engines; `profile` is what they share; `profiles/*.toml` are the products.
Imports `hems.model` and `hems.ports` only.
"""
