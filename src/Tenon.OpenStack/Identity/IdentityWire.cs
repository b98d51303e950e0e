using System.Text.Json.Serialization;
using Tenon.Core;

namespace Tenon.OpenStack.Identity;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TokenAnswerWire))]
[JsonSerializable(typeof(ProjectsWire))]
internal sealed partial class IdentityJson : JsonSerializerContext;

internal sealed record TokenAnswerWire(TokenWire? Token);

internal sealed record TokenWire(
    [property: JsonConverter(typeof(UtcTimeConverter))] DateTimeOffset? ExpiresAt,
    [property: JsonConverter(typeof(UtcTimeConverter))] DateTimeOffset? IssuedAt,
    NamedWire? User,
    NamedWire? Project,
    NamedWire? Domain,
    NamedWire[]? Roles,
    CatalogServiceWire[]? Catalog)
{
    public AuthenticatedIdentity ToIdentity() => new()
    {
        UserId = User?.Id ?? "",
        UserName = User?.Name ?? "",
        UserDomainId = User?.Domain?.Id ?? "",
        ProjectId = Project?.Id,
        ProjectName = Project?.Name,
        DomainId = Domain?.Id,
        Roles = (Roles ?? []).Select(r => r.Name ?? r.Id ?? "").ToEquatableArray(),
        ExpiresAt = ExpiresAt ?? default,
        Catalog = (Catalog ?? []).Select(s => s.ToService()).ToEquatableArray(),
    };
}

internal sealed record NamedWire(string? Id, string? Name, NamedWire? Domain);

internal sealed record CatalogServiceWire(string? Type, string? Name, CatalogEndpointWire[]? Endpoints)
{
    public CatalogService ToService()
        => new(Type ?? "", Name ?? "", (Endpoints ?? []).Select(e => new CatalogEndpoint(e.RegionId ?? e.Region ?? "", Plain(e.Interface), e.Url ?? "")).ToEquatableArray());

    /// <summary>Keystone v2's spelling, which some clouds kept: <c>publicURL</c>.</summary>
    private static string Plain(string? face) => face is null ? "" : face.EndsWith("URL", StringComparison.Ordinal) ? face[..^3] : face;
}

internal sealed record CatalogEndpointWire(string? Region, string? RegionId, string? Interface, string? Url);

internal sealed record ProjectsWire(ProjectWire[]? Projects);

internal sealed record ProjectWire(string Id, string? Name, string? DomainId, bool? Enabled);
