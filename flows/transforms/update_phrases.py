"""gold.update_phrases: flagged phrases in update texts, per hour and ward."""

import re
from collections.abc import Iterable, Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from flows.transforms.update_terms import NOT_A_WORD, WINDOW

A_WORD = re.compile(r"[^\W_]+")
OF_A_WORD = r"[\p{L}\p{N}]"


def update_phrases(texts: DataFrame, phrases: Mapping[str, Iterable[str]]) -> DataFrame:
    """An update counts once for each flag of which it contains a phrase, word for word."""
    found = [
        F.when(F.rlike("text", F.lit(pattern_of(of_flag))), F.lit(flag))
        for flag, of_flag in phrases.items()
    ]
    flags = F.array_compact(F.array(*found)) if found else F.array().cast("array<string>")
    flagged = texts.withColumn("flag", F.explode(flags))
    return flagged.groupBy(*WINDOW, "flag").agg(F.sum("text_count").alias("update_count"))


def pattern_of(phrases: Iterable[str]) -> str:
    """Finds any of the phrases as whole words, whatever stands between these, large or small."""
    words = (NOT_A_WORD.join(A_WORD.findall(phrase)) for phrase in phrases)
    return f"(?iu)(?<!{OF_A_WORD})(?:{'|'.join(words)})(?!{OF_A_WORD})"
