using Tenon.Core;

namespace Tenon.OpenStack.Configuration;

/// <summary>Turns <c>[Global]</c> into credentials, and completes it from a cloud of clouds.yaml.</summary>
public static class GlobalCredentials
{
    /// <summary>The credentials that the options describe.</summary>
    /// <param name="options">Options without errors by <see cref="GlobalOptionsChecks.Check"/>.</param>
    /// <exception cref="InvalidOperationException">The options do not suffice.</exception>
    public static CloudCredentials ToCredentials(GlobalOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new CloudCredentials
        {
            AuthUrl = new Uri(options.AuthUrl ?? throw Lacking("auth-url")),
            Method = MethodOf(options),
            Scope = ScopeOf(options),
            Region = options.Region,
            Interface = options.Endpoint ?? EndpointInterface.Public,
            Tls = new TlsSettings
            {
                CaFile = options.CaFile,
                ClientCertificateFile = options.CertFile,
                ClientKeyFile = options.KeyFile,
                Insecure = options.TlsInsecure ?? false,
            },
        };
    }

    /// <summary>
    /// Completes the options from a cloud of clouds.yaml; what <c>[Global]</c> sets stays. A secret that <c>[Global]</c> sets decides the
    /// way to authenticate: a password there is not overridden by an application credential of the file.
    /// </summary>
    public static GlobalOptions Complete(GlobalOptions options, CloudCredentials cloud)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(cloud);
        GlobalOptions result = options with
        {
            AuthUrl = options.AuthUrl ?? cloud.AuthUrl.ToString(),
            Region = options.Region ?? cloud.Region,
            Endpoint = options.Endpoint ?? cloud.Interface,
            CaFile = options.CaFile ?? cloud.Tls.CaFile,
            CertFile = options.CertFile ?? cloud.Tls.ClientCertificateFile,
            KeyFile = options.KeyFile ?? cloud.Tls.ClientKeyFile,
            TlsInsecure = options.TlsInsecure ?? (cloud.Tls.Insecure ? true : null),
        };
        result = CompleteMethod(result, cloud.Method);
        return CompleteScope(result, cloud.Scope);
    }

    private static GlobalOptions CompleteMethod(GlobalOptions options, AuthMethod method)
    {
        bool hasPassword = options.Password is not null || options.TrusteePassword is not null;
        bool hasApplicationCredential = options.ApplicationCredentialSecret is not null;
        bool hasToken = options.Token is not null;
        switch (method)
        {
            case AuthMethod.Password password when !hasApplicationCredential && !hasToken:
                return CompleteUser(options, password.UserId, password.UserName, password.UserDomain)
                    with { Password = options.Password ?? password.Value };
            case AuthMethod.Password password when options.ApplicationCredentialName is not null:
                return CompleteUser(options, password.UserId, password.UserName, password.UserDomain);
            case AuthMethod.ApplicationCredential credential when !hasPassword && !hasToken:
                bool sameCredential = options.ApplicationCredentialId is null && options.ApplicationCredentialName is null;
                GlobalOptions completed = options with
                {
                    ApplicationCredentialId = sameCredential ? credential.Id : options.ApplicationCredentialId,
                    ApplicationCredentialName = sameCredential ? credential.Name : options.ApplicationCredentialName,
                    ApplicationCredentialSecret = options.ApplicationCredentialSecret ?? credential.Value,
                };
                return CompleteUser(completed, credential.UserId, credential.UserName, credential.UserDomain);
            case AuthMethod.Token token when !hasPassword && !hasApplicationCredential:
                return options with { Token = options.Token ?? token.Value };
            default:
                return options;
        }
    }

    private static GlobalOptions CompleteUser(GlobalOptions options, string? id, string? name, DomainReference? domain)
    {
        if (options.UserId is not null) return options;
        bool ownName = options.Username is not null;
        bool hasDomain = options.UserDomainId is not null || options.UserDomainName is not null || options.DomainId is not null || options.DomainName is not null;
        return options with
        {
            UserId = ownName ? null : id,
            Username = options.Username ?? name,
            UserDomainId = hasDomain ? options.UserDomainId : domain?.Id,
            UserDomainName = hasDomain ? options.UserDomainName : domain?.Name,
        };
    }

    private static GlobalOptions CompleteScope(GlobalOptions options, AuthScope scope)
    {
        if (options.TrustId is not null) return options;
        switch (scope)
        {
            case AuthScope.Project project when options.TenantId is null:
                bool ownName = options.TenantName is not null;
                bool hasDomain = options.TenantDomainId is not null || options.TenantDomainName is not null || options.DomainId is not null || options.DomainName is not null;
                return options with
                {
                    TenantId = ownName ? null : project.Id,
                    TenantName = options.TenantName ?? project.Name,
                    TenantDomainId = hasDomain ? options.TenantDomainId : project.Owner?.Id,
                    TenantDomainName = hasDomain ? options.TenantDomainName : project.Owner?.Name,
                };
            case AuthScope.Trust trust:
                return options with { TrustId = trust.TrustId };
            default:
                return options;
        }
    }

    private static AuthMethod MethodOf(GlobalOptions options)
    {
        DomainReference? userDomain = Domain(options.UserDomainId, options.UserDomainName) ?? Domain(options.DomainId, options.DomainName);
        if (options.ApplicationCredentialSecret is { } secret)
        {
            bool byId = options.ApplicationCredentialId is not null;
            return new AuthMethod.ApplicationCredential(
                options.ApplicationCredentialId,
                byId ? null : options.ApplicationCredentialName ?? throw Lacking("application-credential-id"),
                byId ? null : options.UserId,
                byId ? null : options.Username,
                byId ? null : userDomain,
                secret);
        }

        bool asTrustee = options.TrustId is not null && options.TrusteeId is not null;
        Secret? password = options.TrustId is not null ? options.TrusteePassword ?? options.Password : options.Password;
        if (options.Token is { } token && password is null) return new AuthMethod.Token(token);
        if (password is null) throw Lacking("password");
        string? userId = asTrustee ? options.TrusteeId : options.UserId;
        return new AuthMethod.Password(userId, userId is null ? options.Username ?? throw Lacking("username") : null, userId is null ? userDomain : null, password);
    }

    private static AuthScope ScopeOf(GlobalOptions options)
    {
        if (options.ApplicationCredentialSecret is not null) return AuthScope.None;
        if (options.TrustId is { } trust) return new AuthScope.Trust(trust);
        if (options.TenantId is { } id) return new AuthScope.Project(id, null, null);
        if (options.TenantName is not { } name) throw Lacking("tenant-id");
        return new AuthScope.Project(null, name, Domain(options.TenantDomainId, options.TenantDomainName) ?? Domain(options.DomainId, options.DomainName));
    }

    private static DomainReference? Domain(string? id, string? name)
        => id is not null ? DomainReference.ById(id) : name is not null ? DomainReference.ByName(name) : null;

    private static InvalidOperationException Lacking(string option) => new($"The credentials lack {option}.");
}
