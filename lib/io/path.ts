/** Where a file is: a path, or a `file:` URL. */
export type Path = string | URL;
