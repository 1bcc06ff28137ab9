SMALL = {"features": 3, "iterations": 2, "poolings": 1, "map_features": 6, "map_poolings": 1}
