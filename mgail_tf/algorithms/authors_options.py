import dataclasses

from mgail_tf.options import Options, option


@dataclasses.dataclass(frozen=True)
class AuthorsOptions(Options):
    segment_length: int = option(10, "x", 1)

    def check_budget(self, total_steps: int) -> None:
        pass
