// Names that only our own packages need.
export {};
