"""Names that the text encoder cannot tell apart, or reads only the beginning of."""

import logging
from collections.abc import Sequence

from ..network import PROMPT_TEMPLATES
from .limits import MAX_NAMES

SHOWN = 8  # names or pairs in a warning
_LONGEST = 1024  # tokens; a prompt with a name of MAX_NAME_LENGTH has fewer
# The earlier the name begins, the more of it is read: names that are equal here are equal in all prompts.
_ROOMIEST = min(PROMPT_TEMPLATES, key=lambda template: template.index("{"))

_logger = logging.getLogger(__name__)


class TokenCheck:
    """Warns of names whose prompts are cut to context_length tokens, and of names with the same tokens.

    The latter get equal text embeddings, so that the model decides between their classes by chance. Each name
    is reported once.
    """

    def __init__(self, context_length: int) -> None:
        self._context_length = context_length
        self._tokens: dict[str, bytes] = {}  # as far as they are read
        self._reported: set[str] = set()

    def __call__(self, names: Sequence[str]) -> None:
        """Log at most two warnings: one of long names, one of equal names."""
        if len(self._tokens) + len(self._reported) > 2 * MAX_NAMES:
            self._tokens, self._reported = {}, set()
        long = self._add([name for name in names if name not in self._tokens])
        if long:
            _logger.warning(
                "%s: longer than the %d tokens that the text encoder reads, the rest is ignored; shorten it",
                _listed(map(repr, long)),
                self._context_length,
            )
        first: dict[bytes, str] = {}
        equal = []
        for name in names:
            other = first.setdefault(self._tokens[name], name)
            if other != name and name not in self._reported:
                self._reported.add(name)
                equal.append(f"{other!r} and {name!r}")
        if equal:
            _logger.warning(
                "%s: equal for the text encoder, so it cannot tell them apart; remove or rename one",
                _listed(equal),
            )

    def _add(self, names: Sequence[str]) -> list[str]:
        """Tokenize names that are new, and return those whose prompts are cut."""
        from open_clip.tokenizer import tokenize  # slow to import, needed only here

        long = []
        for name in names:
            tokens = tokenize(_ROOMIEST.format(name), context_length=_LONGEST)[0]
            # The last token that is read is the end token, whatever stands there.
            self._tokens[name] = tokens[: self._context_length - 1].numpy().tobytes()
            prompts = [template.format(name) for template in PROMPT_TEMPLATES]
            if int((tokens != 0).sum()) > self._context_length - 10:
                counts = (tokenize(prompts, context_length=_LONGEST) != 0).sum(1)
                if int(counts.max()) > self._context_length:
                    long.append(name)
        return long


def _listed(texts: "Sequence[str] | map[str]") -> str:
    shown = list(texts)
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return ", ".join(shown[:SHOWN]) + more
