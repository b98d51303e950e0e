using Tenon.Core;

namespace Tenon.OpenStack.Identity;

/// <summary>Finds a service's endpoint.</summary>
internal static class EndpointCatalog
{
    /// <summary>The endpoint's URL as the catalog, or an override, has it.</summary>
    /// <exception cref="OpenStackException">There is none, or the choice is not clear; kind <see cref="OpenStackErrorKind.NoEndpoint"/>.</exception>
    public static string Find(
        EquatableArray<CatalogService> catalog, CloudCredentials credentials, string serviceType, string? region, string operation)
    {
        IReadOnlyList<string> names = ServiceTypes.NamesOf(serviceType);
        foreach (EndpointOverride replacement in credentials.EndpointOverrides)
        {
            if (names.Contains(replacement.ServiceType)) return replacement.Url.AbsoluteUri;
        }

        if (serviceType == ServiceTypes.Identity) return credentials.AuthUrl.AbsoluteUri;
        region ??= credentials.Region;
        string face = NameOf(credentials.Interface);
        CatalogEndpoint[] all = OfService(catalog, names);
        CatalogEndpoint[] here = [.. all.Where(e => region is null || e.Region == region)];
        CatalogEndpoint[] usable = [.. here.Where(e => e.Interface == face)];
        string[] regions = [.. usable.Select(e => e.Region).Distinct()];
        if (regions.Length == 1) return usable[0].Url;
        string why = (all.Length, here.Length, usable.Length) switch
        {
            _ when catalog.IsEmpty => "the token has no scope and so no catalog; give the credentials a project",
            (0, _, _) => $"the catalog has no service of type {serviceType}",
            (_, 0, _) => $"the catalog has no {serviceType} service in region {region}, only in {Words(all.Select(e => e.Region))}",
            (_, _, 0) => $"the {serviceType} service has no {face} endpoint, only {Words(here.Select(e => e.Interface))}",
            _ => $"the catalog has {serviceType} services in several regions, {Words(regions)}; say which one with the region option",
        };
        throw new OpenStackException(OpenStackErrorKind.NoEndpoint, serviceType, operation, null, null, why);
    }

    /// <summary>Whether there is any endpoint of a service in a region.</summary>
    public static bool Has(EquatableArray<CatalogService> catalog, CloudCredentials credentials, string serviceType, string? region)
    {
        IReadOnlyList<string> names = ServiceTypes.NamesOf(serviceType);
        region ??= credentials.Region;
        string face = NameOf(credentials.Interface);
        return credentials.EndpointOverrides.Any(o => names.Contains(o.ServiceType))
            || OfService(catalog, names).Any(e => e.Interface == face && (region is null || e.Region == region));
    }

    /// <summary>The endpoints of the first name that has any: the official type wins over its aliases.</summary>
    private static CatalogEndpoint[] OfService(EquatableArray<CatalogService> catalog, IReadOnlyList<string> names)
        => names.Select(n => catalog.Where(s => s.Type == n).SelectMany(s => s.Endpoints).ToArray()).FirstOrDefault(e => e.Length > 0) ?? [];

    private static string NameOf(EndpointInterface face) => face switch
    {
        EndpointInterface.Internal => "internal",
        EndpointInterface.Admin => "admin",
        _ => "public",
    };

    private static string Words(IEnumerable<string> words) => string.Join(", ", words.Distinct());
}
