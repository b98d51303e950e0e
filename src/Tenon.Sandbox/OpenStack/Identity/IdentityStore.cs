using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>Keystone's tables and what follows from them. Guarded by Keystone's gate.</summary>
internal sealed class IdentityStore(TimeProvider time, TimeSpan tokenLifetime)
{
    /// <summary>Which role brings which along, as Keystone's bootstrap sets it up.</summary>
    private static readonly Dictionary<string, string[]> Implied = new(StringComparer.Ordinal)
    {
        ["admin"] = ["member", "reader"],
        ["member"] = ["reader"],
    };

    private readonly Dictionary<string, Token> _tokens = new(StringComparer.Ordinal);

    /// <summary>Tokens that were issued and are revoked, until they end.</summary>
    private readonly Dictionary<string, Token> _revoked = new(StringComparer.Ordinal);
    private long _version;

    public ResourceTable<Domain> Domains { get; } = new();

    public ResourceTable<Project> Projects { get; } = new();

    public ResourceTable<User> Users { get; } = new();

    public ResourceTable<Role> Roles { get; } = new();

    public List<RoleAssignment> Assignments { get; } = [];

    public ResourceTable<CatalogRegion> Regions { get; } = new();

    public ResourceTable<CatalogService> Services { get; } = new();

    public ResourceTable<CatalogEndpoint> Endpoints { get; } = new();

    public ResourceTable<ApplicationCredential> ApplicationCredentials { get; } = new();

    public ResourceTable<Trust> Trusts { get; } = new();

    public DateTimeOffset Now => time.GetUtcNow();

    public TimeSpan TokenLifetime { get; set; } = tokenLifetime;

    /// <summary>Must be called after every change that may alter what a token is worth.</summary>
    public void Changed() => _version++;

    /// <summary>The role that a body names by ID or by name.</summary>
    /// <exception cref="ApiFault">There is none.</exception>
    public Role RoleOf(JsonObject wanted) => wanted.String("id") is { } id
        ? Roles.Find(id) ?? throw IdentityFaults.NotFound("role", id)
        : Roles.FirstOrDefault(r => r.Name == wanted.String("name") && r.DomainId is null) ?? throw IdentityFaults.UndefinedRole(wanted.String("name") ?? "");

    public Role RoleNamed(string name) => Roles.First(r => r.Name == name && r.DomainId is null);

    /// <summary>The roles that a user holds in a scope, implied ones included.</summary>
    public ImmutableArray<Role> EffectiveRoles(string userId, string? projectId, string? domainId)
        => WithImplied(Assignments.Where(a => a.UserId == userId && a.ProjectId == projectId && a.DomainId == domainId).Select(a => a.RoleId));

    /// <summary>The roles with those that they imply.</summary>
    public ImmutableArray<Role> WithImplied(IEnumerable<string> roleIds)
    {
        var found = new List<Role>();
        foreach (string id in roleIds)
        {
            if (Roles.Find(id) is not { } role) continue;
            if (!found.Contains(role)) found.Add(role);
            foreach (string implied in Implied.GetValueOrDefault(role.Name, []))
            {
                Role other = RoleNamed(implied);
                if (!found.Contains(other)) found.Add(other);
            }
        }

        return [.. found];
    }

    public Token Issue(Token token)
    {
        // Expired tokens are dropped as new ones come, so that short-lived ones do not pile up.
        if (_tokens.Count > 1000)
        {
            foreach (Token old in _tokens.Values.Where(t => t.ExpiresAt <= Now).ToArray()) _tokens.Remove(old.Id);
            foreach (Token old in _revoked.Values.Where(t => t.ExpiresAt <= Now).ToArray()) _revoked.Remove(old.Id);
        }

        _tokens.Add(token.Id, token);
        return token;
    }

    /// <summary>A token that is known and has not expired, whoever it belongs to.</summary>
    public Token? FindToken(string? id) => id is not null && _tokens.TryGetValue(id, out Token? token) && token.ExpiresAt > Now ? token : null;

    public void Revoke(Func<Token, bool> which)
    {
        foreach (Token token in _tokens.Values.Where(which).ToArray())
        {
            _tokens.Remove(token.Id);
            _revoked.Add(token.Id, token);
        }
    }

    /// <summary>What Keystone answers when a token is of no worth: it decrypts what it issued itself, so that it can say why.</summary>
    public ApiFault WhyInvalid(string? id)
    {
        if (id is null || !(_tokens.TryGetValue(id, out Token? token) || _revoked.TryGetValue(id, out token)))
            return new ApiFault(404, "Could not recognize Fernet token");
        if (LostDelegation(token) is { } lost) return lost;
        if (!Users.Contains(token.UserId)) return IdentityFaults.NotFound("user", token.UserId);
        if (token.ProjectId is { } project && !Projects.Contains(project)) return IdentityFaults.NotFound("project", project);
        if (Projects.Find(token.ProjectId) is { Enabled: false } disabled)
            return new ApiFault(404, $"Unable to validate token because project {disabled.Id} is disabled");
        bool worthless = token.ExpiresAt <= Now || _revoked.ContainsKey(id) || Users.Find(token.UserId) is { Enabled: false };
        return worthless ? new ApiFault(404, "Failed to validate token") : new ApiFault(404, $"Could not find token: {id}.");
    }

    /// <summary>
    /// The application credential or the trust that a token came from, where it is not there any more: Keystone says so, with 404, whatever it
    /// was asked with such a token.
    /// </summary>
    public ApiFault? LostDelegation(Token token)
    {
        if (token.ApplicationCredentialId is { } credential && !ApplicationCredentials.Contains(credential)) return IdentityFaults.NotFound("Application Credential", credential);
        return token.TrustId is { } trust && !Trusts.Contains(trust) ? IdentityFaults.NotFound("trust", trust) : null;
    }

    /// <summary>What a token is worth now; null where its user, scope, roles or delegation are gone or disabled.</summary>
    public TokenInfo? Value(Token token)
    {
        if (token.Valued.Version == _version && token.Valued.Info is { } known) return known;
        TokenInfo? info = Compute(token);
        token.Valued = (_version, info);
        return info;
    }

    /// <summary>The roles that a token carries.</summary>
    public ImmutableArray<Role> RolesOf(Token token)
    {
        if (token.TrustId is { } trustId)
        {
            if (Trusts.Find(trustId) is not { } trust) return [];
            ImmutableArray<Role> trustors = EffectiveRoles(trust.TrustorId, trust.ProjectId, null);
            return [.. WithImplied(trust.RoleIds).Where(trustors.Contains)];
        }

        if (token.System) return EffectiveRoles(token.UserId, null, null);
        if (token.ProjectId is null && token.DomainId is null) return [];
        ImmutableArray<Role> held = EffectiveRoles(token.UserId, token.ProjectId, token.DomainId);
        if (token.ApplicationCredentialId is not { } credentialId) return held;
        return ApplicationCredentials.Find(credentialId) is { } credential ? [.. held.Where(r => credential.RoleIds.Contains(r.Id))] : [];
    }

    public static string NewTokenId() => "gAAAAAB" + Base64Url(RandomNumberGenerator.GetBytes(129));

    public static string NewAuditId() => Base64Url(RandomNumberGenerator.GetBytes(16));

    public static string NewSecret() => Base64Url(RandomNumberGenerator.GetBytes(64));

    private TokenInfo? Compute(Token token)
    {
        if (Users.Find(token.UserId) is not { Enabled: true } user || Domains.Find(user.DomainId) is not { Enabled: true }) return null;
        if (token.ProjectId is not null && (Projects.Find(token.ProjectId) is not { Enabled: true } project || Domains.Find(project.DomainId) is not { Enabled: true }))
            return null;
        if (token.DomainId is not null && Domains.Find(token.DomainId) is not { Enabled: true }) return null;
        if (token.ApplicationCredentialId is not null && (ApplicationCredentials.Find(token.ApplicationCredentialId) is not { } credential || credential.ExpiresAt <= Now))
            return null;
        if (token.TrustId is not null && (Trusts.Find(token.TrustId) is not { } trust || trust.ExpiresAt <= Now)) return null;
        ImmutableArray<Role> roles = RolesOf(token);
        bool scoped = token.ProjectId is not null || token.DomainId is not null || token.System;
        if (scoped && roles.IsEmpty) return null;
        return new TokenInfo
        {
            UserId = user.Id,
            UserName = user.Name,
            ProjectId = token.ProjectId,
            DomainId = token.DomainId,
            Roles = [.. roles.Select(r => r.Name)],
        };
    }

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
