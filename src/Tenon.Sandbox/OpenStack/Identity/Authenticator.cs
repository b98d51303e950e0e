using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>Turns the <c>auth</c> of a request into a token, or into the error that Keystone gives.</summary>
internal sealed class Authenticator(IdentityStore store)
{
    private static readonly string[] Scopes = ["system", "project", "domain", "OS-TRUST:trust", "unscoped"];

    /// <summary>Authenticates and scopes; the caller stores the token.</summary>
    public Token Authenticate(JsonObject auth)
    {
        JsonObject identity = auth.Object("identity")!;
        JsonArray methods = identity.Array("methods")!;
        var proof = new Proof();
        foreach (string method in methods.Select(m => (string?)m ?? ""))
        {
            if (method is not ("password" or "token" or "application_credential"))
                throw new ApiFault(401, "Attempted to authenticate with an unsupported method.", TokenRoutes.UnsupportedMethod);
            JsonObject data = identity.Object(method) ?? throw IdentityFaults.Expecting(method, "identity");
            switch (method)
            {
                case "password": Password(data, proof); break;
                case "token": ByToken(data, auth, proof); break;
                default: ByApplicationCredential(data, auth, proof); break;
            }
        }

        User user = proof.User ?? throw IdentityFaults.Unauthorized();
        CheckScope(auth["scope"]);
        return Scope(auth, user, proof);
    }

    private void Password(JsonObject data, Proof proof)
    {
        JsonObject given = data.Object("user") ?? throw IdentityFaults.Expecting("user", "password");
        User? user = FindUser(given);
        if (user is not { Enabled: true } || given.String("password") is not { } password || user.Password != password || store.Domains.Find(user.DomainId) is not { Enabled: true }) throw IdentityFaults.Unauthorized();
        proof.Accept("password", user);
    }

    private void ByToken(JsonObject data, JsonObject auth, Proof proof)
    {
        string? id = data.String("id");
        if (store.FindToken(id) is not { } token || store.Value(token) is null) throw store.WhyInvalid(id);
        if (token.TrustId is not null)
            throw IdentityFaults.Forbidden("Using trust-scoped token to create another token. Create a new trust-scoped token instead");
        if (token.System && auth["scope"] is JsonObject scope && (scope.ContainsKey("project") || scope.ContainsKey("domain")))
            throw IdentityFaults.Forbidden("Using a system-scoped token to create a project-scoped or domain-scoped token is not allowed.");
        if (token.ApplicationCredentialId is not null) throw IdentityFaults.Forbidden("Using a delegated token to create another token is not allowed.");
        proof.Accept("token", store.Users.Find(token.UserId));
        foreach (string method in token.Methods) proof.Methods.Add(method);
        proof.ExpiresAt = token.ExpiresAt;
        proof.ParentAuditId = token.AuditIds[^1];
    }

    private void ByApplicationCredential(JsonObject data, JsonObject auth, Proof proof)
    {
        const string Target = "application credential";
        ApplicationCredential credential;
        if (data.String("id") is { } id)
        {
            credential = store.ApplicationCredentials.Find(id) ?? throw new ApiFault(404, $"Could not find Application Credential: {id}.");
        }
        else
        {
            if (data.String("name") is not { } name) throw IdentityFaults.Expecting("name or ID", Target);
            JsonObject owner = data.Object("user") ?? throw IdentityFaults.Expecting("user", Target);
            User user = FindUser(owner) ?? throw IdentityFaults.Unauthorized();
            credential = store.ApplicationCredentials.FirstOrDefault(c => c.UserId == user.Id && c.Name == name)
                ?? throw IdentityFaults.Unauthorized();
        }

        if (data.String("secret") is not { } secret || credential.Secret != secret || credential.ExpiresAt <= store.Now) throw IdentityFaults.Unauthorized();
        if (auth.ContainsKey("scope"))
            throw new ApiFault(401, "Error authenticating with application credential: Application credentials cannot request a scope.", TokenRoutes.ScopeRequested);
        User? holder = store.Users.Find(credential.UserId);
        if (holder is not { Enabled: true }) throw IdentityFaults.Unauthorized();
        proof.Accept("application_credential", holder);
        proof.Credential = credential;
    }

    private User? FindUser(JsonObject given)
    {
        if (given.String("id") is { } id) return store.Users.Find(id);
        if (given.String("name") is not { } name) throw IdentityFaults.Expecting("id or name", "user");
        string? domainId = FindDomain(given.Object("domain") ?? throw IdentityFaults.Expecting("domain", "user"))?.Id;
        return store.Users.FirstOrDefault(u => u.Name == name && u.DomainId == domainId);
    }

    private Domain? FindDomain(JsonObject given)
    {
        if (given.String("id") is { } id) return store.Domains.Find(id);
        if (given.String("name") is not { } name) throw IdentityFaults.Expecting("id or name", "domain");
        return store.Domains.FirstOrDefault(d => d.Name == name);
    }

    private Token Scope(JsonObject auth, User user, Proof proof)
    {
        if (proof.Credential is { } credential) return Issue(user, proof, projectId: credential.ProjectId);
        switch (auth["scope"])
        {
            case null:
                return user.DefaultProjectId is { } own && store.Projects.Find(own) is { Enabled: true } && store.EffectiveRoles(user.Id, own, null).Length > 0
                    ? Issue(user, proof, projectId: own)
                    : Issue(user, proof);
            case JsonObject scope when scope.Object("project") is { } given:
                Project? project = FindProject(given);
                return project is { Enabled: true } ? Issue(user, proof, projectId: project.Id) : throw IdentityFaults.Unauthorized();
            case JsonObject scope when scope.Object("domain") is { } given:
                Domain? domain = FindDomain(given);
                return domain is { Enabled: true } ? Issue(user, proof, domainId: domain.Id) : throw IdentityFaults.Unauthorized();
            case JsonObject scope when scope.ContainsKey("system"):
                // Keystone does not look at what the system's object says.
                return Issue(user, proof, system: true);
            case JsonObject scope when scope.Object("OS-TRUST:trust") is { } given:
                return ByTrust(given, user, proof);
            default:
                return Issue(user, proof);
        }
    }

    private Project? FindProject(JsonObject given)
    {
        if (given.String("id") is { } id) return store.Projects.Find(id);
        if (given.String("name") is not { } name) throw IdentityFaults.Expecting("id or name", "project");
        string? domainId = FindDomain(given.Object("domain") ?? throw IdentityFaults.Expecting("domain", "project"))?.Id;
        return store.Projects.FirstOrDefault(p => p.Name == name && p.DomainId == domainId);
    }

    private Token ByTrust(JsonObject given, User user, Proof proof)
    {
        if (given.String("id") is not { } id || store.Trusts.Find(id) is not { } trust || trust.ExpiresAt <= store.Now || trust.RemainingUses is 0) throw IdentityFaults.Unauthorized();
        if (trust.TrusteeId != user.Id) throw IdentityFaults.Forbidden();
        Token token = Issue(trust.Impersonation ? store.Users.Find(trust.TrustorId) ?? throw IdentityFaults.Unauthorized() : user, proof, projectId: trust.ProjectId, trust: trust);
        // The token of the last use stays good.
        if (trust.RemainingUses is { } left) trust.RemainingUses = left - 1;
        return token;
    }

    /// <summary>A scope names exactly one thing; Keystone looks for the names in a text as well as in an object.</summary>
    private static void CheckScope(JsonNode? scope)
    {
        int named = scope switch
        {
            null => 1,
            JsonObject given => Scopes.Count(given.ContainsKey),
            _ => Scopes.Count(s => scope.ToString().Contains(s, StringComparison.Ordinal)),
        };
        if (named != 1) throw IdentityFaults.Expecting("system, project, domain, OS-TRUST:trust or unscoped", "scope");
    }

    private Token Issue(User user, Proof proof, string? projectId = null, string? domainId = null, bool system = false, Trust? trust = null)
    {
        DateTimeOffset now = store.Now;
        DateTimeOffset expires = proof.ExpiresAt ?? now + store.TokenLifetime;
        bool endsWithCredential = proof.Credential?.ExpiresAt < expires;
        if (endsWithCredential) expires = proof.Credential!.ExpiresAt!.Value;
        string auditId = IdentityStore.NewAuditId();
        var token = new Token
        {
            Id = IdentityStore.NewTokenId(),
            UserId = user.Id,
            Methods = [.. proof.Methods],
            AuditIds = proof.ParentAuditId is { } parent ? [auditId, parent] : [auditId],
            IssuedAt = now,
            ExpiresAt = expires,
            ProjectId = projectId,
            DomainId = domainId,
            System = system,
            TrustId = trust?.Id,
            ApplicationCredentialId = proof.Credential?.Id,
            EndsWithCredential = endsWithCredential,
        };
        return store.Value(token) is null ? throw IdentityFaults.Unauthorized() : token;
    }

    /// <summary>What the methods have shown so far; they must agree on the user.</summary>
    private sealed class Proof
    {
        public User? User { get; private set; }

        public SortedSet<string> Methods { get; } = new(StringComparer.Ordinal);

        public DateTimeOffset? ExpiresAt { get; set; }

        public string? ParentAuditId { get; set; }

        public ApplicationCredential? Credential { get; set; }

        public void Accept(string method, User? user)
        {
            if (user is null || (User is not null && User != user)) throw IdentityFaults.Unauthorized();
            User = user;
            Methods.Add(method);
        }
    }
}
