// Streams of native formats as their servers send them.

/** The pieces of Gemini's answer "Hello!": 11 in of which 4 cached, 4 out and 3 of thought. */
export const GEMINI_PIECES = [
  '{"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":11,"totalTokenCount":11},"modelVersion":"gemini-x","responseId":"r"}',
  '{"candidates":[{"content":{"parts":[{"text":"lo!"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":11,"candidatesTokenCount":4,"thoughtsTokenCount":3,"cachedContentTokenCount":4,"totalTokenCount":18},"modelVersion":"gemini-x","responseId":"r"}',
] as const;

export const GEMINI_EVENTS = GEMINI_PIECES.map((json) => `data: ${json}\r\n\r\n`).join("");

/** The same in array form, broken into lines as Google does. */
export const GEMINI_ARRAY = `[${GEMINI_PIECES.join("\n,\r\n")}\n]`;

/** Converse's "Hello! 你好": 11 in, 4 read from and 2 written to the cache, 7 out. */
export const CONVERSE_STREAM = Buffer.from(
  [
    "AAAAgQAAAFJswXaTCzpldmVudC10eXBlBwAMbWVzc2FnZVN0YXJ0DTpjb250ZW50LXR5cGUHABBhcHBsaWNhdGlvbi9qc29uDTpt",
    "ZXNzYWdlLXR5cGUHAAVldmVudHsicCI6ImFiY2QiLCJyb2xlIjoiYXNzaXN0YW50In31EqAFAAAAnwAAAFfDe6v/CzpldmVudC10",
    "eXBlBwARY29udGVudEJsb2NrRGVsdGENOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcABWV2",
    "ZW50eyJjb250ZW50QmxvY2tJbmRleCI6MCwiZGVsdGEiOnsidGV4dCI6IkhlbCJ9LCJwIjoiYWJjIn2PnIULAAAApQAAAFco6gvY",
    "CzpldmVudC10eXBlBwARY29udGVudEJsb2NrRGVsdGENOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2Ut",
    "dHlwZQcABWV2ZW50eyJjb250ZW50QmxvY2tJbmRleCI6MCwiZGVsdGEiOnsidGV4dCI6ImxvISDkvaDlpb0ifSwicCI6ImFiIn22",
    "pzZmAAAAhQAAAFaeLBRKCzpldmVudC10eXBlBwAQY29udGVudEJsb2NrU3RvcA06Y29udGVudC10eXBlBwAQYXBwbGljYXRpb24v",
    "anNvbg06bWVzc2FnZS10eXBlBwAFZXZlbnR7ImNvbnRlbnRCbG9ja0luZGV4IjowLCJwIjoieCJ9/Nzt5AAAAIIAAABRsmhd+Qs6",
    "ZXZlbnQtdHlwZQcAC21lc3NhZ2VTdG9wDTpjb250ZW50LXR5cGUHABBhcHBsaWNhdGlvbi9qc29uDTptZXNzYWdlLXR5cGUHAAVl",
    "dmVudHsicCI6InkiLCJzdG9wUmVhc29uIjoiZW5kX3R1cm4ifay2VNAAAAEIAAAATg9qK5oLOmV2ZW50LXR5cGUHAAhtZXRhZGF0",
    "YQ06Y29udGVudC10eXBlBwAQYXBwbGljYXRpb24vanNvbg06bWVzc2FnZS10eXBlBwAFZXZlbnR7Im1ldHJpY3MiOnsibGF0ZW5j",
    "eU1zIjo1MTJ9LCJwIjoieiIsInVzYWdlIjp7ImlucHV0VG9rZW5zIjoxMSwib3V0cHV0VG9rZW5zIjo3LCJ0b3RhbFRva2VucyI6",
    "MjQsImNhY2hlUmVhZElucHV0VG9rZW5zIjo0LCJjYWNoZVdyaXRlSW5wdXRUb2tlbnMiOjIsInNlcnZlclRvb2xVc2FnZSI6e319",
    "fRydgHQ=",
  ].join(""),
  "base64",
);

/** Claude's "Hello!", as chunks of an invocation with metrics at the end; the counts are the same. */
export const INVOKE_STREAM = Buffer.from(
  [
    "AAAB1gAAAEtJxR4tCzpldmVudC10eXBlBwAFY2h1bmsNOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2Ut",
    "dHlwZQcABWV2ZW50eyJieXRlcyI6ImV5SjBlWEJsSWpvaWJXVnpjMkZuWlY5emRHRnlkQ0lzSW0xbGMzTmhaMlVpT25zaWFXUWlP",
    "aUp0YzJkZk1TSXNJblI1Y0dVaU9pSnRaWE56WVdkbElpd2ljbTlzWlNJNkltRnpjMmx6ZEdGdWRDSXNJbTF2WkdWc0lqb2lZMnho",
    "ZFdSbExYZ2lMQ0pqYjI1MFpXNTBJanBiWFN3aWMzUnZjRjl5WldGemIyNGlPbTUxYkd3c0luTjBiM0JmYzJWeGRXVnVZMlVpT201",
    "MWJHd3NJblZ6WVdkbElqcDdJbWx1Y0hWMFgzUnZhMlZ1Y3lJNk1URXNJbU5oWTJobFgyTnlaV0YwYVc5dVgybHVjSFYwWDNSdmEy",
    "VnVjeUk2TWl3aVkyRmphR1ZmY21WaFpGOXBibkIxZEY5MGIydGxibk1pT2pRc0ltOTFkSEIxZEY5MGIydGxibk1pT2pGOWZYMD0i",
    "LCJwIjoiYWJjZGVmZ2gifZ2AS3oAAADmAAAASyO4dQ4LOmV2ZW50LXR5cGUHAAVjaHVuaw06Y29udGVudC10eXBlBwAQYXBwbGlj",
    "YXRpb24vanNvbg06bWVzc2FnZS10eXBlBwAFZXZlbnR7ImJ5dGVzIjoiZXlKMGVYQmxJam9pWTI5dWRHVnVkRjlpYkc5amExOXpk",
    "R0Z5ZENJc0ltbHVaR1Y0SWpvd0xDSmpiMjUwWlc1MFgySnNiMk5ySWpwN0luUjVjR1VpT2lKMFpYaDBJaXdpZEdWNGRDSTZJaUo5",
    "ZlE9PSIsInAiOiJhYmNkZWZnaCJ90qwwdQAAAOoAAABL5kiYDws6ZXZlbnQtdHlwZQcABWNodW5rDTpjb250ZW50LXR5cGUHABBh",
    "cHBsaWNhdGlvbi9qc29uDTptZXNzYWdlLXR5cGUHAAVldmVudHsiYnl0ZXMiOiJleUowZVhCbElqb2lZMjl1ZEdWdWRGOWliRzlq",
    "YTE5a1pXeDBZU0lzSW1sdVpHVjRJam93TENKa1pXeDBZU0k2ZXlKMGVYQmxJam9pZEdWNGRGOWtaV3gwWVNJc0luUmxlSFFpT2lK",
    "SVpXeHNieUVpZlgwPSIsInAiOiJhYmNkZWZnaCJ9EnMFwAAAAKoAAABLvrvARgs6ZXZlbnQtdHlwZQcABWNodW5rDTpjb250ZW50",
    "LXR5cGUHABBhcHBsaWNhdGlvbi9qc29uDTptZXNzYWdlLXR5cGUHAAVldmVudHsiYnl0ZXMiOiJleUowZVhCbElqb2lZMjl1ZEdW",
    "dWRGOWliRzlqYTE5emRHOXdJaXdpYVc1a1pYZ2lPakI5IiwicCI6ImFiY2RlZmdoIn3MHIXzAAABBgAAAEvAMGF0CzpldmVudC10",
    "eXBlBwAFY2h1bmsNOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcABWV2ZW50eyJieXRlcyI6",
    "ImV5SjBlWEJsSWpvaWJXVnpjMkZuWlY5a1pXeDBZU0lzSW1SbGJIUmhJanA3SW5OMGIzQmZjbVZoYzI5dUlqb2laVzVrWDNSMWNt",
    "NGlMQ0p6ZEc5d1gzTmxjWFZsYm1ObElqcHVkV3hzZlN3aWRYTmhaMlVpT25zaWIzVjBjSFYwWDNSdmEyVnVjeUk2TjMxOSIsInAi",
    "OiJhYmNkZWZnaCJ93vIKWgAAAY4AAABLQaaaJws6ZXZlbnQtdHlwZQcABWNodW5rDTpjb250ZW50LXR5cGUHABBhcHBsaWNhdGlv",
    "bi9qc29uDTptZXNzYWdlLXR5cGUHAAVldmVudHsiYnl0ZXMiOiJleUowZVhCbElqb2liV1Z6YzJGblpWOXpkRzl3SWl3aVlXMWhl",
    "bTl1TFdKbFpISnZZMnN0YVc1MmIyTmhkR2x2YmsxbGRISnBZM01pT25zaWFXNXdkWFJVYjJ0bGJrTnZkVzUwSWpveE1Td2liM1Yw",
    "Y0hWMFZHOXJaVzVEYjNWdWRDSTZOeXdpYVc1MmIyTmhkR2x2Ymt4aGRHVnVZM2tpT2pVd01Dd2labWx5YzNSQ2VYUmxUR0YwWlc1",
    "amVTSTZNakF3TENKallXTm9aVkpsWVdSSmJuQjFkRlJ2YTJWdVEyOTFiblFpT2pRc0ltTmhZMmhsVjNKcGRHVkpibkIxZEZSdmEy",
    "VnVRMjkxYm5RaU9qSjlmUT09IiwicCI6ImFiY2RlZmdoIn1AYWKT",
  ].join(""),
  "base64",
);

/** One delta ("Hel"), then a throttling exception. */
export const CONVERSE_THROTTLED = Buffer.from(
  [
    "AAAAgQAAAFJswXaTCzpldmVudC10eXBlBwAMbWVzc2FnZVN0YXJ0DTpjb250ZW50LXR5cGUHABBhcHBsaWNhdGlvbi9qc29uDTpt",
    "ZXNzYWdlLXR5cGUHAAVldmVudHsicCI6ImFiY2QiLCJyb2xlIjoiYXNzaXN0YW50In31EqAFAAAAnwAAAFfDe6v/CzpldmVudC10",
    "eXBlBwARY29udGVudEJsb2NrRGVsdGENOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcABWV2",
    "ZW50eyJjb250ZW50QmxvY2tJbmRleCI6MCwiZGVsdGEiOnsidGV4dCI6IkhlbCJ9LCJwIjoiYWJjIn2PnIULAAAAsAAAAGFPUIaz",
    "DzpleGNlcHRpb24tdHlwZQcAE3Rocm90dGxpbmdFeGNlcHRpb24NOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1l",
    "c3NhZ2UtdHlwZQcACWV4Y2VwdGlvbnsibWVzc2FnZSI6IlRvbyBtYW55IHRva2VucywgcGxlYXNlIHdhaXQgYmVmb3JlIHRyeWlu",
    "ZyBhZ2Fpbi4iffcK5X8=",
  ].join(""),
  "base64",
);

/** One byte of the first message's headers is wrong; its prelude is right. */
export const CONVERSE_DAMAGED = Buffer.from(
  [
    "AAAAgQAAAFJswXaTCzpldmVudC11eXBlBwAMbWVzc2FnZVN0YXJ0DTpjb250ZW50LXR5cGUHABBhcHBsaWNhdGlvbi9qc29uDTpt",
    "ZXNzYWdlLXR5cGUHAAVldmVudHsicCI6ImFiY2QiLCJyb2xlIjoiYXNzaXN0YW50In31EqAFAAAAnwAAAFfDe6v/CzpldmVudC10",
    "eXBlBwARY29udGVudEJsb2NrRGVsdGENOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2UtdHlwZQcABWV2",
    "ZW50eyJjb250ZW50QmxvY2tJbmRleCI6MCwiZGVsdGEiOnsidGV4dCI6IkhlbCJ9LCJwIjoiYWJjIn2PnIULAAAApQAAAFco6gvY",
    "CzpldmVudC10eXBlBwARY29udGVudEJsb2NrRGVsdGENOmNvbnRlbnQtdHlwZQcAEGFwcGxpY2F0aW9uL2pzb24NOm1lc3NhZ2Ut",
    "dHlwZQcABWV2ZW50eyJjb250ZW50QmxvY2tJbmRleCI6MCwiZGVsdGEiOnsidGV4dCI6ImxvISDkvaDlpb0ifSwicCI6ImFiIn22",
    "pzZmAAAAhQAAAFaeLBRKCzpldmVudC10eXBlBwAQY29udGVudEJsb2NrU3RvcA06Y29udGVudC10eXBlBwAQYXBwbGljYXRpb24v",
    "anNvbg06bWVzc2FnZS10eXBlBwAFZXZlbnR7ImNvbnRlbnRCbG9ja0luZGV4IjowLCJwIjoieCJ9/Nzt5AAAAIIAAABRsmhd+Qs6",
    "ZXZlbnQtdHlwZQcAC21lc3NhZ2VTdG9wDTpjb250ZW50LXR5cGUHABBhcHBsaWNhdGlvbi9qc29uDTptZXNzYWdlLXR5cGUHAAVl",
    "dmVudHsicCI6InkiLCJzdG9wUmVhc29uIjoiZW5kX3R1cm4ifay2VNAAAAEIAAAATg9qK5oLOmV2ZW50LXR5cGUHAAhtZXRhZGF0",
    "YQ06Y29udGVudC10eXBlBwAQYXBwbGljYXRpb24vanNvbg06bWVzc2FnZS10eXBlBwAFZXZlbnR7Im1ldHJpY3MiOnsibGF0ZW5j",
    "eU1zIjo1MTJ9LCJwIjoieiIsInVzYWdlIjp7ImlucHV0VG9rZW5zIjoxMSwib3V0cHV0VG9rZW5zIjo3LCJ0b3RhbFRva2VucyI6",
    "MjQsImNhY2hlUmVhZElucHV0VG9rZW5zIjo0LCJjYWNoZVdyaXRlSW5wdXRUb2tlbnMiOjIsInNlcnZlclRvb2xVc2FnZSI6e319",
    "fRydgHQ=",
  ].join(""),
  "base64",
);
