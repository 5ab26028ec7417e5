"""The candidates: will a flight arrive more than a quarter of an hour late?

Both are asked when the flight leaves the gate, so nothing that is known only later may be a feature. Neither reads
the month: the next flights always belong to one that no training has seen.
"""

from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

CATEGORIES = ["carrier", "origin"]
NUMBERS = [
    "dep_delay",  # minutes, negative when the flight leaves early
    "distance",  # miles
    "hour",  # of the scheduled departure
]
SEED = 0


def boosted() -> Pipeline:
    """Gradient boosted trees, which take categories and missing numbers as they are."""
    columns = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), CATEGORIES),
        ("passthrough", NUMBERS),
    )
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=200,
        max_features=0.5,
        min_samples_leaf=50,
        categorical_features=list(range(len(CATEGORIES))),
        early_stopping=False,
        random_state=SEED,
    )
    return make_pipeline(columns, trees)


def linear() -> Pipeline:
    """Logistic regression on scaled numbers and one column for each category."""
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), NUMBERS),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))
