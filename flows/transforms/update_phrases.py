"""gold.update_phrases: flagged phrases in update texts, per hour and ward."""

from collections.abc import Iterable, Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from flows.transforms.update_terms import NOT_A_WORD, WINDOW, update_texts


def update_phrases(events: DataFrame, phrases: Mapping[str, Iterable[str]]) -> DataFrame:
    """An update counts once for each flag of which it contains a phrase, word for word."""
    words = _words(F.col("text"))
    found = [F.when(_contains(words, of_flag), F.lit(flag)) for flag, of_flag in phrases.items()]
    flags = F.array_compact(F.array(*found)) if found else F.array().cast("array<string>")
    flagged = update_texts(events).withColumn("flag", F.explode(flags))
    return flagged.groupBy(*WINDOW, "flag").agg(F.sum("text_count").alias("update_count"))


def _words(text: Column) -> Column:
    """The text's words in lower case, a space before and after each."""
    between = F.regexp_replace(F.lower(text), NOT_A_WORD, " ")
    return F.concat(F.lit(" "), F.trim(between), F.lit(" "))


def _contains(words: Column, phrases: Iterable[str]) -> Column:
    contained = F.lit(False)
    for phrase in phrases:
        contained = contained | F.contains(words, _words(F.lit(phrase)))
    return contained
