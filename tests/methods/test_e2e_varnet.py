SMALL = {"features": 4, "iterations": 2, "poolings": 2, "map_features": 2, "map_poolings": 2}
