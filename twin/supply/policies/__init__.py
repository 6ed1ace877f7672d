"""Order policies, one module each; a module registers its policy by being there.

A policy is asked how much to order when the stock has changed, or at each review. It sees numbers
only, keeps what it needs of the past itself, and can be copied.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, NamedTuple, Self

from pydantic import BeforeValidator, Field, PlainSerializer

from twin.config.choice import Choice
from twin.quantities import Duration
from twin.registry import Registry


class PolicyConfig(Choice):
    """How a stocking point decides when and how much to order."""

    @classmethod
    def choices(cls) -> Mapping[str, type[Self]]:
        return {kind: policies[kind].config for kind in policies.kinds()}  # type: ignore[misc]

    @property
    def review_s(self) -> float | None:
        """Time between reviews in s; None: after every change."""
        return getattr(self, "review", None)


Review = Annotated[Duration, Field(gt=0)]


class Stock(NamedTuple):
    """What a policy is asked about, in pieces.

    Args:
        on_hand: In stock.
        on_order: Ordered or being made, and not yet in stock.
        owed: Ordered by customers and not yet shipped.
    """

    on_hand: int
    on_order: int
    owed: int

    @property
    def position(self) -> int:
        """Inventory position: on hand + on order - owed."""
        return self.on_hand + self.on_order - self.owed


class Policy(ABC):
    """Base of the policies.

    Args:
        config: Its parameters.
    """

    config: ClassVar[type[PolicyConfig]]
    steady: ClassVar[bool] = True
    """As long as the stock does not change there is nothing new to order: reviews may be left out."""

    def __init__(self, config: Any):
        self.settings = config

    @abstractmethod
    def wanted(self, stock: Stock) -> int:
        """Pieces to order now; 0 or less for none."""

    def demanded(self, pieces: int) -> None:  # noqa: B027 - few policies learn from it
        """Customers have ordered or taken some."""


policies: Registry[type[Policy]] = Registry("policy", "twin.supply.policies", {"": 1, "wanted": 1, "demanded": 1})
"""Every order policy by name."""


def register(name: str, config: type[PolicyConfig]) -> Any:
    """Decorator that registers a policy with its configuration under a name."""

    def add(policy: type[Policy]) -> type[Policy]:
        policy.config = config
        return policies.register(name, config)(policy)

    return add


def policy_of(config: PolicyConfig) -> Policy:
    """The living policy of a configuration."""
    return next(policies[kind] for kind in policies.kinds() if policies[kind].config is type(config))(config)


class _Schema:
    """The JSON schema of all policies, made when it is asked for."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"description": "order policy", **PolicyConfig.schema_of()}


Policies = Annotated[
    PolicyConfig,
    BeforeValidator(PolicyConfig.read),
    PlainSerializer(PolicyConfig.written),
    _Schema(),
]
"""An order policy; holds a :class:`PolicyConfig`."""

__all__ = ["Policies", "Policy", "PolicyConfig", "Review", "Stock", "policies", "policy_of", "register"]
