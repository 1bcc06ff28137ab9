SMALL = {"features": 4, "iterations": 3, "poolings": 2}
