// Settings that a provider's address is made of: region, location, resource, and how they may be spelled.

/** Settings of a provider that its address is made of. */
export type PlaceSetting = "region" | "location" | "resource";

/** Where calls of Vertex AI run when nothing is said: Google's own SDKs take it as well. */
export const DEFAULT_LOCATION = "global";

/** Locations that are several regions under one jurisdiction, each with a host of its own. Source: "Specify an endpoint" in Google's page of locations. */
const MULTI_REGIONS: readonly string[] = ["eu", "us"];

/** It becomes part of a host name. */
const PLACE_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Whether a text can be a region, project, location or resource. */
export function isPlaceName(text: string): boolean {
  return PLACE_NAME.test(text);
}

/**
 * A preset's address with the setting filled in. The location without a host of its own, and multi-regions, have other
 * hosts than the rest. Source: the same page.
 */
export function placedUrl(baseUrl: string, setting: PlaceSetting, place: string): string {
  if (setting !== "location") return baseUrl.replace(`{${setting}}`, place);
  if (place === DEFAULT_LOCATION) return baseUrl.replace("{location}-", "");
  if (MULTI_REGIONS.includes(place)) return `https://aiplatform.${place}.rep.googleapis.com`;
  return baseUrl.replace("{location}", place);
}
