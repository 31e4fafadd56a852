"""The bench: a plant from `hems.sim` behind the registers and topics of real products, in real time.

    python -m hil.emulate --rig hil/rigs/apartments.toml --run bench

Every device here is written from its maker's documents or from public sources named beside it, never from a profile
in `drivers/`: a register that is wrong there has to show here.

- `building` steps the plant in real time and keeps the journal of what happened when
- `registers` is a Modbus register map; `lines` puts it on TCP or on a serial line
- `devices/` has one module per product
- `broker` runs the MQTT broker, `control` listens for what the world is to do, `remote` is its client
"""
