from tests.brokers import broker, each_broker

__all__ = ["broker", "each_broker"]
