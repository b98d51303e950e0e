using Tenon.Core;

namespace Tenon.OpenStack.Configuration;

/// <summary>The section <c>[Global]</c> of cloud.conf: how to authenticate with Keystone. Texts that are not set are <see langword="null"/>.</summary>
public sealed record GlobalOptions
{
    /// <summary>Keystone's URL.</summary>
    public string? AuthUrl { get; init; }

    /// <summary>The interface of the endpoints to use; <see langword="null"/> leaves it to clouds.yaml, then to <see cref="EndpointInterface.Public"/>.</summary>
    public EndpointInterface? Endpoint { get; init; }

    /// <summary>The file with the authorities that sign the endpoints' certificates (PEM).</summary>
    public string? CaFile { get; init; }

    /// <summary>The file with the client's certificate (PEM).</summary>
    public string? CertFile { get; init; }

    /// <summary>The file with the client's private key (PEM).</summary>
    public string? KeyFile { get; init; }

    /// <summary>Whether the endpoints' certificates go unchecked; <see langword="null"/> leaves it to clouds.yaml, then to no.</summary>
    public bool? TlsInsecure { get; init; }

    /// <summary>The region; <see langword="null"/> takes the only one of the catalog.</summary>
    public string? Region { get; init; }

    /// <summary>The user's ID.</summary>
    public string? UserId { get; init; }

    /// <summary>The user's name.</summary>
    public string? Username { get; init; }

    /// <summary>The user's password.</summary>
    public Secret? Password { get; init; }

    /// <summary>The ID of the domain of user and project, where nothing more exact is set.</summary>
    public string? DomainId { get; init; }

    /// <summary>The name of the domain of user and project, where nothing more exact is set.</summary>
    public string? DomainName { get; init; }

    /// <summary>The ID of the user's domain.</summary>
    public string? UserDomainId { get; init; }

    /// <summary>The name of the user's domain.</summary>
    public string? UserDomainName { get; init; }

    /// <summary>The project's ID.</summary>
    public string? TenantId { get; init; }

    /// <summary>The project's name.</summary>
    public string? TenantName { get; init; }

    /// <summary>The ID of the project's domain.</summary>
    public string? TenantDomainId { get; init; }

    /// <summary>The name of the project's domain.</summary>
    public string? TenantDomainName { get; init; }

    /// <summary>The trust to use.</summary>
    public string? TrustId { get; init; }

    /// <summary>The ID of the user that the trust was given to; the user where it is not set.</summary>
    public string? TrusteeId { get; init; }

    /// <summary>That user's password; the user's where it is not set.</summary>
    public Secret? TrusteePassword { get; init; }

    /// <summary>The application credential's ID.</summary>
    public string? ApplicationCredentialId { get; init; }

    /// <summary>The application credential's name, which needs its user too.</summary>
    public string? ApplicationCredentialName { get; init; }

    /// <summary>The application credential's secret.</summary>
    public Secret? ApplicationCredentialSecret { get; init; }

    /// <summary>A Keystone token, which cannot be renewed.</summary>
    public Secret? Token { get; init; }

    /// <summary>Whether to complete what is missing from a clouds.yaml.</summary>
    public bool UseClouds { get; init; }

    /// <summary>The clouds.yaml; the usual places where it is not set.</summary>
    public string? CloudsFile { get; init; }

    /// <summary>The cloud's name in clouds.yaml; the only one where it is not set.</summary>
    public string? Cloud { get; init; }

    /// <summary>Where each option is set in the file, for messages; options that are not set are absent.</summary>
    public IReadOnlyDictionary<string, int> Lines { get; init; } = new Dictionary<string, int>();

    /// <summary>What the section may hold.</summary>
    public static SectionDefinition Definition { get; } = new("Global", HasSubsections: false,
    [
        new("auth-url", OptionKind.Text),
        new("os-endpoint-type", OptionKind.Text, "public"),
        new("ca-file", OptionKind.Text),
        new("cert-file", OptionKind.Text),
        new("key-file", OptionKind.Text),
        new("tls-insecure", OptionKind.Flag, "false"),
        new("region", OptionKind.Text, "the only one of the catalog"),
        new("user-id", OptionKind.Text),
        new("username", OptionKind.Text),
        new("password", OptionKind.Secret),
        new("domain-id", OptionKind.Text),
        new("domain-name", OptionKind.Text),
        new("user-domain-id", OptionKind.Text),
        new("user-domain-name", OptionKind.Text),
        new("tenant-id", OptionKind.Text),
        new("tenant-name", OptionKind.Text),
        new("tenant-domain-id", OptionKind.Text),
        new("tenant-domain-name", OptionKind.Text),
        new("trust-id", OptionKind.Text),
        new("trustee-id", OptionKind.Text),
        new("trustee-password", OptionKind.Secret),
        new("application-credential-id", OptionKind.Text),
        new("application-credential-name", OptionKind.Text),
        new("application-credential-secret", OptionKind.Secret),
        new("token", OptionKind.Secret),
        new("use-clouds", OptionKind.Flag, "false"),
        new("clouds-file", OptionKind.Text, "$OS_CLIENT_CONFIG_FILE, ./clouds.yaml, ~/.config/openstack/clouds.yaml, /etc/openstack/clouds.yaml"),
        new("cloud", OptionKind.Text, "$OS_CLOUD, or the only one of the file"),
        new("secret-name", OptionKind.Text, Retired: "The in-tree provider read credentials from a Kubernetes Secret; mount the file instead."),
        new("secret-namespace", OptionKind.Text, Retired: "The in-tree provider read credentials from a Kubernetes Secret; mount the file instead."),
        new("kubeconfig-path", OptionKind.Text, Retired: "Give --kubeconfig on the command line."),
    ]);

    /// <summary>Reads the section and checks each value by itself; <see cref="GlobalOptionsChecks.Check"/> checks whether they suffice together.</summary>
    public static GlobalOptions Read(OptionReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new GlobalOptions
        {
            AuthUrl = ReadUrl(reader),
            Endpoint = ReadEndpoint(reader),
            CaFile = reader.Text("ca-file"),
            CertFile = reader.Text("cert-file"),
            KeyFile = reader.Text("key-file"),
            TlsInsecure = reader.IsSet("tls-insecure") ? reader.Flag("tls-insecure", otherwise: false) : null,
            Region = reader.Text("region"),
            UserId = reader.Text("user-id"),
            Username = reader.Text("username"),
            Password = reader.Secret("password"),
            DomainId = reader.Text("domain-id"),
            DomainName = reader.Text("domain-name"),
            UserDomainId = reader.Text("user-domain-id"),
            UserDomainName = reader.Text("user-domain-name"),
            TenantId = reader.Text("tenant-id"),
            TenantName = reader.Text("tenant-name"),
            TenantDomainId = reader.Text("tenant-domain-id"),
            TenantDomainName = reader.Text("tenant-domain-name"),
            TrustId = reader.Text("trust-id"),
            TrusteeId = reader.Text("trustee-id"),
            TrusteePassword = reader.Secret("trustee-password"),
            ApplicationCredentialId = reader.Text("application-credential-id"),
            ApplicationCredentialName = reader.Text("application-credential-name"),
            ApplicationCredentialSecret = reader.Secret("application-credential-secret"),
            Token = reader.Secret("token"),
            UseClouds = reader.Flag("use-clouds", otherwise: false),
            CloudsFile = reader.Text("clouds-file"),
            Cloud = reader.Text("cloud"),
            Lines = Definition.Options.Where(o => o.Retired is null && reader.IsSet(o.Name)).ToDictionary(o => o.Name, o => reader.Line(o.Name) ?? 0),
        };
    }

    /// <summary>Reads the name of an interface, in the short form or Keystone's old long one; <see langword="null"/> when it is neither.</summary>
    public static EndpointInterface? ParseEndpoint(string text) => text?.ToLowerInvariant() switch
    {
        "public" or "publicurl" => EndpointInterface.Public,
        "internal" or "internalurl" => EndpointInterface.Internal,
        "admin" or "adminurl" => EndpointInterface.Admin,
        _ => null,
    };

    private static string? ReadUrl(OptionReader reader)
    {
        string? url = reader.Text("auth-url");
        if (url is null) return null;
        if (Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && parsed.Scheme is "http" or "https")
        {
            if (parsed.UserInfo.Length == 0) return url;
            reader.Error("auth-url", null, "the URL holds a user or password", "Write the URL alone; username and password are options of their own.");
            return null;
        }

        reader.Error("auth-url", url, "it is not an http or https URL", "Write Keystone's URL, such as https://cloud.example.com:5000/v3.");
        return null;
    }

    private static EndpointInterface? ReadEndpoint(OptionReader reader)
    {
        string? text = reader.Text("os-endpoint-type");
        if (text is null) return null;
        EndpointInterface? parsed = ParseEndpoint(text);
        if (parsed is null) reader.Error("os-endpoint-type", text, "there is no such endpoint type", "Write public, internal or admin.");
        return parsed;
    }
}
