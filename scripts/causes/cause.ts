/** Why an error comes, by its message as the code has it; what is computed at run time reads as "…". */
export type Causes = Record<string, string>
