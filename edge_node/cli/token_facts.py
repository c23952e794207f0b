"""What a DDC token says and whether it counts, as far as its text alone tells: for people and for machines."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge_node.base.moments import moment_of
from edge_node.trust.account import address_of
from edge_node.trust.auth_token import parse_token
from edge_node.trust.token_chain import LINKS_MAX, TokenChain, TokenLink, check_chain
from edge_node.trust.token_errors import TokenError, TokenForged
from edge_node.trust.wallet_signature import SignedForm, verify_signed
from edge_node.wire.cid import format_cid

_SIGNED = {
    SignedForm.NOT: "does NOT hold",
    SignedForm.PLAIN: "holds",
    SignedForm.WRAPPED: "holds, wrapped as browser wallets sign",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A chain, how each of its tokens turned out to be signed, and everything that speaks against it."""

    chain: TokenChain
    forms: tuple[SignedForm, ...]
    faults: tuple[TokenError, ...]

    def facts(self, number: int, link: TokenLink) -> Sequence[tuple[str, str]]:
        """One token of the chain, `number` from 1, name by name."""
        whom = "whoever has the text" if link.subject is None else address_of(link.subject)
        return (
            ("signed by", address_of(link.signer)),
            ("signature", f"{link.signature.algorithm.name.lower()}, {_SIGNED[self.forms[number - 1]]}"),
            ("given to", whom),
            ("may pass it on", "yes" if link.can_delegate else "no"),
            ("bucket", "every bucket of the owner" if link.bucket is None else str(link.bucket)),
            ("operations", " ".join(_operations(link)) or "none"),
            ("piece", "every piece" if link.piece is None else format_cid(link.piece)),
            ("ends", moment_of(link.expires_ms)),
            ("hash", link.digest.hex()),
        )

    def notes(self) -> list[str]:
        """What the whole chain means where it counts."""
        chain = self.chain
        lines = [f"Counts in buckets of {address_of(chain.root.signer)}, until {moment_of(chain.expires_ms)}."]
        if chain.wants_request:
            lines.append(f"Only with a request signed by {address_of(chain.holder)}; never in a URL.")
        else:
            lines.append("For whoever has its text, also in a URL (?token=).")
        if len(chain.links) > LINKS_MAX and SignedForm.WRAPPED is not self.forms[0]:
            lines.append(f"Over grpc-web only: over gRPC and HTTP a chain has at most {LINKS_MAX} tokens.")
        return lines

    def document(self) -> dict[str, Any]:
        """The same for machines; times are ms UTC, accounts and hashes hex."""
        chain = self.chain
        return {
            "counts": not self.faults,
            "faults": [{"slug": fault.slug, "why": str(fault), "remedy": fault.remedy} for fault in self.faults],
            "owner": chain.root.signer.hex(),
            "holder": chain.holder.hex(),
            "bucket": chain.bucket,
            "piece": None if chain.piece is None else format_cid(chain.piece),
            "expires_ms": chain.expires_ms,
            "wants_request": chain.wants_request,
            "links": [_row(link, form) for link, form in zip(chain.links, self.forms, strict=True)],
        }


def judge(text: str, now_ms: int) -> Judged:
    """Read a token and say what speaks against it; the TokenError that says why where it cannot even be read."""
    chain = parse_token(text)
    forms = tuple(verify_signed(link.signature, link.signed) for link in chain.links)
    faults: list[TokenError] = []
    try:
        check_chain(chain, now_ms)
    except TokenError as fault:
        faults.append(fault)
    faults += [TokenForged(number) for number, form in enumerate(forms, 1) if not form]
    return Judged(chain, forms, tuple(faults))


def _operations(link: TokenLink) -> list[str]:
    return sorted(operation.name for operation in link.operations)


def _row(link: TokenLink, form: SignedForm) -> dict[str, Any]:
    return {
        "signer": link.signer.hex(),
        "signer_address": address_of(link.signer),
        "algorithm": link.signature.algorithm.name.lower(),
        "signature": form.name.lower() if form else None,
        "subject": None if link.subject is None else link.subject.hex(),
        "subject_address": None if link.subject is None else address_of(link.subject),
        "can_delegate": link.can_delegate,
        "bucket": link.bucket,
        "operations": _operations(link),
        "piece": None if link.piece is None else format_cid(link.piece),
        "expires_ms": link.expires_ms,
        "hash": link.digest.hex(),
    }
