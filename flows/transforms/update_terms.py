"""gold.update_terms: the words of notes and update texts, per hour and ward."""

from pyspark.ml.feature import NGram, RegexTokenizer, StopWordsRemover
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from flows.transforms.hospital_time import hospital_date, hospital_hour
from lake.versions import UPDATE_TEXT
from lake.vocabulary import Source

WINDOW = ("hospital_id", "window_at", "window_on", "ward_id", "is_manual")
NOT_A_WORD = r"[^\p{L}\p{N}]+"


def update_texts(events: DataFrame) -> DataFrame:
    """Each different text once per window: far fewer texts to take apart than updates."""
    text = F.coalesce(F.expr(UPDATE_TEXT), F.translate("event_type", "_", " "))
    texts = events.where("ward_id IS NOT NULL").select(
        "hospital_id",
        hospital_hour(F.col("occurred_at")).alias("window_at"),
        hospital_date(F.col("occurred_at")).alias("window_on"),
        "ward_id",
        (F.col("source") == Source.MANUAL).alias("is_manual"),
        text.alias("text"),
    )
    return texts.groupBy(*WINDOW, "text").agg(F.count("*").alias("text_count"))


def update_terms(texts: DataFrame) -> DataFrame:
    """Terms and bigrams; an update counts once for each that it contains."""
    terms = _grams(texts).groupBy(*WINDOW, "term", "gram_size")
    return terms.agg(
        F.sum("text_count").alias("update_count"),
        F.sum(F.col("text_count") * F.length("text")).alias("character_count"),
    )


def _grams(texts: DataFrame) -> DataFrame:
    tokens = RegexTokenizer(inputCol="text", outputCol="tokens", pattern=NOT_A_WORD)
    words = StopWordsRemover(inputCol="tokens", outputCol="words", locale="en_US")
    pairs = NGram(inputCol="words", outputCol="pairs", n=2)
    taken_apart = pairs.transform(words.transform(tokens.transform(texts)))
    grams = F.array(_sized("words", 1), _sized("pairs", 2))
    return taken_apart.withColumn("gram", F.explode(F.flatten(grams))).select(
        *WINDOW, "text", "text_count", "gram.term", "gram.gram_size"
    )


def _sized(column: str, size: int) -> Column:
    return F.transform(
        F.array_distinct(column),
        lambda gram: F.struct(gram.alias("term"), F.lit(size).cast("long").alias("gram_size")),
    )
