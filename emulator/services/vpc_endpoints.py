"""Which VPC an endpoint lies in, read from moto's EC2.

Belongs here: that one look-up. Reads only, in process: it may be called on the reactor. Never here: EC2 itself; it is
not even loaded for the question, because a VPC endpoint can exist only if somebody has used EC2 before.
"""

from __future__ import annotations

import sys


class MotoVpcEndpoints:
    """Looks endpoints up in every account and region moto's EC2 has in use."""

    def vpc_of(self, endpoint: str) -> str | None:
        """The endpoint's VPC id, or None."""
        models = sys.modules.get("moto.ec2.models")
        if models is None:
            return None
        for regions in list(models.ec2_backends.values()):
            for backend in list(regions.values()):
                found = backend.vpc_end_points.get(endpoint)
                if found is not None:
                    return str(found.vpc_id)
        return None
