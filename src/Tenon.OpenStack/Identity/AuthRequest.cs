using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Identity;

/// <summary>Writes the body of <c>POST /v3/auth/tokens</c>.</summary>
internal static class AuthRequest
{
    public static ReadOnlyMemory<byte> Build(CloudCredentials credentials) => JsonBody.Of("auth", auth =>
    {
        auth.Object("identity", identity => WriteIdentity(identity, credentials.Method));
        if (credentials.Method is not AuthMethod.ApplicationCredential) WriteScope(auth, credentials.Scope);
    });

    private static void WriteIdentity(JsonBody identity, AuthMethod method)
    {
        switch (method)
        {
            case AuthMethod.Password password:
                identity.Strings("methods", ["password"]);
                identity.Object("password", p => p.Object("user", u =>
                {
                    WriteUser(u, password.UserId, password.UserName, password.UserDomain);
                    u.Set("password", password.Value.Reveal());
                }));
                break;
            case AuthMethod.Token token:
                identity.Strings("methods", ["token"]);
                identity.Object("token", t => t.Set("id", token.Value.Reveal()));
                break;
            case AuthMethod.ApplicationCredential credential:
                identity.Strings("methods", ["application_credential"]);
                identity.Object("application_credential", c =>
                {
                    if (credential.Id is not null) c.Set("id", credential.Id);
                    else
                    {
                        c.Set("name", credential.Name);
                        c.Object("user", u => WriteUser(u, credential.UserId, credential.UserName, credential.UserDomain));
                    }

                    c.Set("secret", credential.Value.Reveal());
                });
                break;
            default:
                throw new NotSupportedException($"Unknown authentication method {method.GetType().Name}.");
        }
    }

    private static void WriteUser(JsonBody user, string? id, string? name, DomainReference? domain)
    {
        if (id is not null)
        {
            user.Set("id", id);
            return;
        }

        user.Set("name", name);
        if (domain is not null) user.Object("domain", d => WriteDomain(d, domain));
    }

    private static void WriteDomain(JsonBody body, DomainReference domain)
    {
        if (domain.Id is not null) body.Set("id", domain.Id);
        else body.Set("name", domain.Name);
    }

    private static void WriteScope(JsonBody auth, AuthScope scope)
    {
        switch (scope)
        {
            case AuthScope.Project project:
                auth.Object("scope", s => s.Object("project", p =>
                {
                    if (project.Id is not null)
                    {
                        p.Set("id", project.Id);
                        return;
                    }

                    p.Set("name", project.Name);
                    if (project.Owner is not null) p.Object("domain", d => WriteDomain(d, project.Owner));
                }));
                break;
            case AuthScope.Domain domain:
                auth.Object("scope", s => s.Object("domain", d => WriteDomain(d, domain.Reference)));
                break;
            case AuthScope.Trust trust:
                auth.Object("scope", s => s.Object("OS-TRUST:trust", t => t.Set("id", trust.TrustId)));
                break;
            case AuthScope.System:
                auth.Object("scope", s => s.Object("system", t => t.Set("all", true)));
                break;
        }
    }
}
