// What an import of a .sql file is: its text, in the executable as well.

declare module "*.sql" {
  const text: string;
  export = text;
}
