from ipaddress import IPv6Address, ip_address, ip_network


def address_key(client_ip: str) -> str:
    """What tries are counted by. A household has a whole /64 of IPv6 addresses to guess from: it counts as one."""
    try:
        address = ip_address(client_ip)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((address, 64), strict=False).network_address)
    return str(address)
