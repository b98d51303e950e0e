namespace Tenon.Kubernetes.Client;

/// <summary>Which API server to talk to, how to trust it, and who we are. Holds no open file or connection.</summary>
public sealed record KubernetesConfiguration
{
    /// <summary>The server's address, with a path where it lives below one.</summary>
    public required Uri Server { get; init; }

    /// <summary>The namespace of the context, or of the pod; <c>default</c> when nothing says otherwise.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>The certificates (PEM) that sign the server's; <see langword="null"/> trusts the system's.</summary>
    public string? CertificateAuthority { get; init; }

    /// <summary>The name that the server's certificate must have, where it differs from the address.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>Whether any certificate is taken. For trials only.</summary>
    public bool InsecureSkipTlsVerify { get; init; }

    /// <summary>The proxy on the way, where there is one.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>The client certificate chain (PEM).</summary>
    public string? ClientCertificate { get; init; }

    /// <summary>The client certificate's key (PEM).</summary>
    public Secret? ClientKey { get; init; }

    /// <summary>The files that the certificates came from, which are read again as they are renewed.</summary>
    public CertificateFiles Files { get; init; } = new();

    /// <summary>Who we are, besides the client certificate.</summary>
    public KubernetesCredential Credential { get; init; } = new KubernetesCredential.None();

    /// <summary>The name of the context that was used, for messages.</summary>
    public string? ContextName { get; init; }

    /// <summary>Reads one kubeconfig.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="context">The context to use; <see langword="null"/> uses the current one.</param>
    /// <param name="directory">What relative file names refer to.</param>
    /// <exception cref="FormatException">The text is not a kubeconfig, or the context is incomplete; the message names the field.</exception>
    public static KubernetesConfiguration FromKubeconfig(string yaml, string? context = null, string? directory = null)
        => Kubeconfig.Parse(yaml, directory ?? "", source: null).Resolve(context);

    /// <summary>
    /// Reads kubeconfig files and merges them as kubectl does: the first file that has a name wins. Files that do not exist are passed over
    /// as long as one exists.
    /// </summary>
    /// <param name="paths">The files, as in <c>KUBECONFIG</c>.</param>
    /// <param name="context">The context to use; <see langword="null"/> uses the current one.</param>
    /// <exception cref="FormatException">No file exists, one is malformed, or the context is incomplete.</exception>
    public static KubernetesConfiguration FromKubeconfigFiles(IReadOnlyList<string> paths, string? context = null)
        => Kubeconfig.Load(paths).Resolve(context);

    /// <summary>The configuration of a pod: its service account's token and CA (both re-read as they rotate) and namespace.</summary>
    /// <param name="host">The value of <c>KUBERNETES_SERVICE_HOST</c>.</param>
    /// <param name="port">The value of <c>KUBERNETES_SERVICE_PORT</c>.</param>
    /// <param name="directory">Where the service account's files are.</param>
    /// <exception cref="FormatException">A file is missing.</exception>
    public static KubernetesConfiguration InCluster(
        string host, string port, string directory = "/var/run/secrets/kubernetes.io/serviceaccount")
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        string token = Path.Combine(directory, "token");
        string authority = Path.Combine(directory, "ca.crt");
        string space = Path.Combine(directory, "namespace");
        if (!File.Exists(token))
            throw new FormatException($"There is no service account token at {token}: set automountServiceAccountToken, or give a kubeconfig.");
        string literal = host.Contains(':', StringComparison.Ordinal) && host[0] != '[' ? $"[{host}]" : host;
        return new KubernetesConfiguration
        {
            Server = new Uri($"https://{literal}:{(string.IsNullOrEmpty(port) ? "443" : port)}/"),
            CertificateAuthority = File.Exists(authority) ? File.ReadAllText(authority) : null,
            Files = new CertificateFiles { Authority = File.Exists(authority) ? authority : null },
            Namespace = File.Exists(space) && File.ReadAllText(space).Trim() is { Length: > 0 } name ? name : "default",
            Credential = new KubernetesCredential.TokenFile(token),
            ContextName = "in-cluster",
        };
    }
}

/// <summary>Where certificates are on disk; <see langword="null"/> where they came with the configuration itself.</summary>
public sealed record CertificateFiles
{
    /// <summary>The file of <see cref="KubernetesConfiguration.CertificateAuthority"/>.</summary>
    public string? Authority { get; init; }

    /// <summary>The file of <see cref="KubernetesConfiguration.ClientCertificate"/>.</summary>
    public string? Certificate { get; init; }

    /// <summary>The file of <see cref="KubernetesConfiguration.ClientKey"/>.</summary>
    public string? Key { get; init; }
}

/// <summary>Who we are towards the API server.</summary>
public abstract record KubernetesCredential
{
    private KubernetesCredential()
    {
    }

    /// <summary>Nobody, or whom the client certificate names.</summary>
    public sealed record None : KubernetesCredential;

    /// <summary>The bearer of a token.</summary>
    /// <param name="Value">The token.</param>
    public sealed record Token(Secret Value) : KubernetesCredential;

    /// <summary>The bearer of a token that is in a file and may change there.</summary>
    /// <param name="Path">The file.</param>
    public sealed record TokenFile(string Path) : KubernetesCredential;

    /// <summary>A user with a password.</summary>
    /// <param name="User">The user.</param>
    /// <param name="Password">The password.</param>
    public sealed record Basic(string User, Secret Password) : KubernetesCredential;

    /// <summary>Whoever an external program says (client.authentication.k8s.io); asked again when its answer expires or is refused.</summary>
    /// <param name="Command">The program, absolute or found in <c>PATH</c>.</param>
    public sealed record Exec(string Command) : KubernetesCredential
    {
        /// <summary>Its arguments.</summary>
        public EquatableArray<string> Arguments { get; init; }

        /// <summary>Variables added to its environment.</summary>
        public EquatableArray<KeyValuePair<string, string>> Environment { get; init; }

        /// <summary>The version of the exchange: <c>client.authentication.k8s.io/v1</c> or <c>…/v1beta1</c>.</summary>
        public string ApiVersion { get; init; } = "client.authentication.k8s.io/v1";

        /// <summary>What to do when the program is missing.</summary>
        public string? InstallHint { get; init; }

        /// <summary>The <c>interactiveMode</c>; <c>Always</c> cannot be served, because there is nobody to ask.</summary>
        public string? InteractiveMode { get; init; }

        /// <summary>Whether the cluster's address and CA are told to the program.</summary>
        public bool ProvideClusterInfo { get; init; }
    }
}
