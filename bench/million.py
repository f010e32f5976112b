"""``python -m bench.million HOME MEMBERSHIPS ORDERS``: a state in which HubSpot has confirmed almost all contacts."""

import sys
from pathlib import Path

from bench.cases import product
from bench.data.sets import DIFFERENT
from bench.homes import furnish, silence


def main() -> None:
    """Write it without sending anything; 40,000 contacts were confirmed with other values."""
    home, *exports = map(Path, sys.argv[1:])
    silence()
    settings = furnish(home)
    product.confirm(settings.state_url, product.refined(product.read(*exports)), DIFFERENT)


if __name__ == "__main__":
    main()
