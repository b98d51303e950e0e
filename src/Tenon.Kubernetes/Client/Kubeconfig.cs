using System.Globalization;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tenon.Kubernetes.Client;

/// <summary>One or several kubeconfig files, merged; only names are resolved, and only what the chosen context needs is read.</summary>
internal sealed class Kubeconfig
{
    private readonly Dictionary<string, Entry> _clusters = [];
    private readonly Dictionary<string, Entry> _users = [];
    private readonly Dictionary<string, Entry> _contexts = [];
    private string? _currentContext;

    private readonly record struct Entry(YamlMappingNode Node, string Directory, string Where);

    public static Kubeconfig Parse(string yaml, string directory, string? source)
    {
        var config = new Kubeconfig();
        config.Add(yaml, directory, source ?? "the kubeconfig");
        return config;
    }

    public static Kubeconfig Load(IReadOnlyList<string> paths)
    {
        var config = new Kubeconfig();
        bool found = false;
        foreach (string path in paths.Where(p => p.Length > 0))
        {
            if (!File.Exists(path)) continue;
            found = true;
            config.Add(File.ReadAllText(path), Path.GetDirectoryName(Path.GetFullPath(path)) ?? "", path);
        }

        return found ? config : throw new FormatException($"There is no kubeconfig at {string.Join(" or ", paths)}.");
    }

    public KubernetesConfiguration Resolve(string? wanted)
    {
        string name = wanted ?? _currentContext
            ?? throw new FormatException($"The kubeconfig has no current-context: choose one of {Names(_contexts)}.");
        Entry context = Find(_contexts, name, "context", wanted is null ? "current-context" : "the chosen context");
        string clusterName = Text(context, "cluster") ?? throw new FormatException($"Context \"{name}\" names no cluster.");
        Entry cluster = Find(_clusters, clusterName, "cluster", $"context \"{name}\"");
        string server = Text(cluster, "server") ?? throw new FormatException($"Cluster \"{clusterName}\" has no server.");
        if (!server.Contains("://", StringComparison.Ordinal)) server = "https://" + server;
        if (!Uri.TryCreate(server, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            throw new FormatException($"Cluster \"{clusterName}\": server \"{server}\" is not an http or https address.");

        bool insecure = Flag(cluster, "insecure-skip-tls-verify");
        string? authority = Pem(cluster, "certificate-authority");
        if (insecure && authority is not null)
        {
            throw new FormatException(
                $"Cluster \"{clusterName}\" has both insecure-skip-tls-verify and a certificate-authority: remove one of them.");
        }

        var configuration = new KubernetesConfiguration
        {
            Server = uri,
            ContextName = name,
            Namespace = Text(context, "namespace") ?? "default",
            CertificateAuthority = authority,
            Files = new CertificateFiles { Authority = FileOf(cluster, "certificate-authority") },
            InsecureSkipTlsVerify = insecure,
            TlsServerName = Text(cluster, "tls-server-name"),
            Proxy = Text(cluster, "proxy-url") is { } proxy ? new Uri(proxy) : null,
        };
        return Text(context, "user") is { } userName
            ? WithUser(configuration, userName, Find(_users, userName, "user", $"context \"{name}\""))
            : configuration;
    }

    private static KubernetesConfiguration WithUser(KubernetesConfiguration configuration, string name, Entry user)
    {
        if (user.Node.Children.ContainsKey("auth-provider"))
            throw new FormatException($"User \"{name}\" has an auth-provider, which Kubernetes has removed: use exec instead.");
        if (user.Node.Children.ContainsKey("as"))
            throw new FormatException($"User \"{name}\" impersonates another (\"as\"), which is not supported: use that user's own credentials.");
        string? certificate = Pem(user, "client-certificate");
        string? key = Pem(user, "client-key");
        if (certificate is null != key is null)
            throw new FormatException($"User \"{name}\" has only one of client-certificate and client-key.");
        return configuration with
        {
            ClientCertificate = certificate,
            ClientKey = key is null ? null : new Secret(key),
            Files = configuration.Files with { Certificate = FileOf(user, "client-certificate"), Key = FileOf(user, "client-key") },
            Credential = Credential(name, user),
        };
    }

    private static KubernetesCredential Credential(string name, Entry user)
    {
        if (Text(user, "tokenFile") is { } file) return new KubernetesCredential.TokenFile(Absolute(user, file));
        if (Text(user, "token") is { } token) return new KubernetesCredential.Token(new Secret(token));
        if (Text(user, "username") is { } basic)
            return new KubernetesCredential.Basic(basic, new Secret(Text(user, "password") ?? ""));
        if (!user.Node.Children.TryGetValue("exec", out YamlNode? node) || node is not YamlMappingNode mapping)
            return new KubernetesCredential.None();

        var exec = new Entry(mapping, user.Directory, user.Where);
        string command = Text(exec, "command") ?? throw new FormatException($"User \"{name}\": exec has no command.");
        string version = Text(exec, "apiVersion") ?? throw new FormatException($"User \"{name}\": exec has no apiVersion.");
        if (version is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
        {
            throw new FormatException(
                $"User \"{name}\": exec speaks \"{version}\": use client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1.");
        }

        // A command with a slash is relative to the file; one without is looked up in PATH.
        if (command.Contains('/', StringComparison.Ordinal)) command = Absolute(user, command);
        return new KubernetesCredential.Exec(command)
        {
            ApiVersion = version,
            Arguments = Items(exec, "args").Select(a => (a as YamlScalarNode)?.Value ?? "").ToEquatableArray(),
            Environment = Items(exec, "env").OfType<YamlMappingNode>()
                .Select(e => new Entry(e, user.Directory, user.Where))
                .Select(e => KeyValuePair.Create(Text(e, "name") ?? "", Text(e, "value") ?? "")).ToEquatableArray(),
            InstallHint = Text(exec, "installHint"),
            InteractiveMode = Text(exec, "interactiveMode"),
            ProvideClusterInfo = Flag(exec, "provideClusterInfo"),
        };
    }

    private void Add(string yaml, string directory, string where)
    {
        var stream = new YamlStream();
        try
        {
            using var reader = new StringReader(yaml);
            stream.Load(reader);
        }
        catch (YamlException e)
        {
            throw new FormatException($"{where} is not YAML: line {e.Start.Line}: {e.InnerException?.Message ?? e.Message}", e);
        }

        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is YamlScalarNode { Value: null or "" }) return;
        if (stream.Documents[0].RootNode is not YamlMappingNode root)
            throw new FormatException($"{where} is not a kubeconfig: expected clusters, users and contexts.");
        var entry = new Entry(root, directory, where);
        if (Text(entry, "kind") is { } kind && kind != "Config")
            throw new FormatException($"{where} is not a kubeconfig: its kind is \"{kind}\".");
        _currentContext ??= Text(entry, "current-context");
        Collect(entry, "clusters", "cluster", _clusters);
        Collect(entry, "users", "user", _users);
        Collect(entry, "contexts", "context", _contexts);
    }

    private static void Collect(Entry file, string list, string member, Dictionary<string, Entry> into)
    {
        foreach (YamlMappingNode item in Items(file, list).OfType<YamlMappingNode>())
        {
            var entry = file with { Node = item };
            string name = Text(entry, "name") ?? throw new FormatException($"{file.Where}: an entry of {list} has no name.");
            if (item.Children.TryGetValue(member, out YamlNode? node) && node is YamlMappingNode mapping)
                into.TryAdd(name, file with { Node = mapping });
            else into.TryAdd(name, file with { Node = [] });
        }
    }

    private static Entry Find(Dictionary<string, Entry> entries, string name, string what, string from)
        => entries.TryGetValue(name, out Entry entry)
            ? entry
            : throw new FormatException($"The kubeconfig has no {what} \"{name}\", which {from} names: there is {Names(entries)}.");

    private static string Names(Dictionary<string, Entry> entries) => entries.Count == 0 ? "none" : string.Join(", ", entries.Keys.Order());

    private static string? Text(Entry entry, string key)
        => entry.Node.Children.TryGetValue(key, out YamlNode? node) && node is YamlScalarNode { Value: { Length: > 0 } value } ? value : null;

    private static bool Flag(Entry entry, string key)
        => Text(entry, key) is { } text && (bool.TryParse(text, out bool flag)
            ? flag
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"{entry.Where}: {key} \"{text}\" is neither true nor false.")));

    private static YamlSequenceNode Items(Entry entry, string key)
        => entry.Node.Children.TryGetValue(key, out YamlNode? node) && node is YamlSequenceNode sequence ? sequence : new YamlSequenceNode();

    /// <summary>PEM text from <c>key-data</c> (Base64) or else the file that <c>key</c> names.</summary>
    private static string? Pem(Entry entry, string key)
    {
        if (Text(entry, key + "-data") is { } data)
        {
            byte[] bytes = new byte[data.Length];
            return Convert.TryFromBase64String(data, bytes, out int length)
                ? Encoding.UTF8.GetString(bytes, 0, length)
                : throw new FormatException($"{entry.Where}: {key}-data is not Base64.");
        }

        if (FileOf(entry, key) is not { } file) return null;
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"{entry.Where}: {key} \"{file}\" cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The file that <c>key</c> names, where it counts: <c>key-data</c> goes before it.</summary>
    private static string? FileOf(Entry entry, string key)
        => Text(entry, key + "-data") is null && Text(entry, key) is { } path ? Absolute(entry, path) : null;

    private static string Absolute(Entry entry, string path) => Path.GetFullPath(path, Path.GetFullPath(entry.Directory.Length == 0 ? "." : entry.Directory));
}
