using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>Tokens and the catalog as JSON.</summary>
internal static class TokenJson
{
    /// <summary>A token's body.</summary>
    public static JsonObject Render(IdentityStore store, Token token, bool withCatalog)
    {
        User user = store.Users.Find(token.UserId) ?? throw IdentityFaults.Unauthorized();
        var json = new JsonObject
        {
            ["methods"] = JsonReading.Strings(token.Methods),
            ["user"] = new JsonObject
            {
                ["domain"] = DomainOf(store, user.DomainId), ["id"] = user.Id, ["name"] = user.Name, ["password_expires_at"] = null,
            },
            ["audit_ids"] = JsonReading.Strings(token.AuditIds),
            ["expires_at"] = token.EndsWithCredential ? Text.SecondsWithoutZone(token.ExpiresAt) : Text.Micros(token.ExpiresAt),
            ["issued_at"] = Text.Micros(token.IssuedAt),
        };
        ImmutableArray<Role> roles = store.RolesOf(token);
        if (token.TrustId is { } trustId && store.Trusts.Find(trustId) is { } trust)
        {
            json["OS-TRUST:trust"] = new JsonObject
            {
                ["id"] = trust.Id,
                ["trustor_user"] = new JsonObject { ["id"] = trust.TrustorId },
                ["trustee_user"] = new JsonObject { ["id"] = trust.TrusteeId },
                ["impersonation"] = trust.Impersonation,
            };
        }

        if (token.System) json["system"] = new JsonObject { ["all"] = true };
        if (store.Domains.Find(token.DomainId) is { } domain) json["domain"] = new JsonObject { ["id"] = domain.Id, ["name"] = domain.Name };
        if (store.Projects.Find(token.ProjectId) is { } project)
        {
            json["project"] = new JsonObject { ["domain"] = DomainOf(store, project.DomainId), ["id"] = project.Id, ["name"] = project.Name };
            if (token.TrustId is null) json["is_domain"] = false;
        }

        if (token.System || token.DomainId is not null || token.ProjectId is not null)
        {
            json["roles"] = IdentityJson.Brief(roles);
            if (withCatalog) json["catalog"] = Catalog(store, token.ProjectId);
        }

        if (store.ApplicationCredentials.Find(token.ApplicationCredentialId) is { } credential)
        {
            json["application_credential"] = new JsonObject
            {
                ["id"] = credential.Id, ["name"] = credential.Name, ["restricted"] = credential.Unrestricted != true,
            };
        }

        return json;
    }

    /// <summary>The enabled services and their enabled endpoints.</summary>
    public static JsonArray Catalog(IdentityStore store, string? projectId)
    {
        ILookup<string, CatalogEndpoint> endpoints = store.Endpoints.Where(e => e.Enabled).ToLookup(e => e.ServiceId);
        var catalog = new JsonArray();
        foreach (CatalogService service in store.Services.Where(s => s.Enabled))
        {
            var urls = new JsonArray();
            foreach (CatalogEndpoint endpoint in endpoints[service.Id])
            {
                if (Substituted(endpoint.Url, projectId) is not { } url) continue;
                urls.Add(new JsonObject
                {
                    ["id"] = endpoint.Id, ["interface"] = endpoint.Interface, ["region_id"] = endpoint.RegionId, ["url"] = url, ["region"] = endpoint.RegionId,
                });
            }

            catalog.Add(new JsonObject { ["endpoints"] = urls, ["id"] = service.Id, ["type"] = service.Type, ["name"] = service.Name });
        }

        return catalog;
    }

    /// <summary>An endpoint that needs a project is left out where the token has none.</summary>
    private static string? Substituted(string url, string? projectId)
    {
        foreach (string pattern in (string[])["%(project_id)s", "$(project_id)s", "%(tenant_id)s", "$(tenant_id)s"])
        {
            if (!url.Contains(pattern, StringComparison.Ordinal)) continue;
            if (projectId is null) return null;
            url = url.Replace(pattern, projectId, StringComparison.Ordinal);
        }

        return url;
    }

    private static JsonObject DomainOf(IdentityStore store, string id) => new() { ["id"] = id, ["name"] = store.Domains.Find(id)?.Name };
}
