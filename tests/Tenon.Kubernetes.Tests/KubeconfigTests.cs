using System.Text;
using Tenon.Core;
using Tenon.Kubernetes.Client;

namespace Tenon.Kubernetes.Tests;

public sealed class KubeconfigTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kubeconfig-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Config(string user, string cluster = "server: https://192.0.2.1:6443") => $$"""
        apiVersion: v1
        kind: Config
        current-context: main
        contexts: [{name: main, context: {cluster: c, user: u, namespace: apps} }]
        clusters: [{name: c, cluster: { {{cluster}} } }]
        users: [{name: u, user: { {{user}} } }]
        """;

    [Fact]
    public void Data_is_decoded_and_files_are_relative_to_the_kubeconfig()
    {
        Write("ca.pem", "CA FROM FILE");
        string path = Write("config", Config(
            $"client-certificate-data: {Base64("CERT")}, client-key-data: {Base64("hunter2")}",
            "server: https://192.0.2.1:6443/base, certificate-authority: ca.pem, tls-server-name: kube, proxy-url: http://192.0.2.9:3128"));
        KubernetesConfiguration c = KubernetesConfiguration.FromKubeconfigFiles([path]);
        c.Server.ShouldBe(new Uri("https://192.0.2.1:6443/base"));
        c.CertificateAuthority.ShouldBe("CA FROM FILE");
        (Path.GetFileName(c.Files.Authority), c.Files.Certificate, c.Files.Key).ShouldBe(("ca.pem", null, null), "what came from a file is read again, what stands in the kubeconfig is not");
        c.ClientCertificate.ShouldBe("CERT");
        c.ClientKey.ShouldBe(new Secret("hunter2"));
        c.TlsServerName.ShouldBe("kube");
        c.Proxy.ShouldBe(new Uri("http://192.0.2.9:3128"));
        c.Namespace.ShouldBe("apps");
        c.ContextName.ShouldBe("main");
        c.ToString().ShouldNotContain("hunter2");
    }

    [Fact]
    public void A_token_file_goes_before_a_token_and_a_password_is_last()
    {
        KubernetesConfiguration.FromKubeconfig(Config("token: abc, tokenFile: t"), directory: _folder).Credential
            .ShouldBe(new KubernetesCredential.TokenFile(Path.Combine(_folder, "t")));
        KubernetesConfiguration.FromKubeconfig(Config("token: abc, username: x, password: p")).Credential
            .ShouldBe(new KubernetesCredential.Token(new Secret("abc")));
        KubernetesConfiguration.FromKubeconfig(Config("username: x, password: p")).Credential
            .ShouldBe(new KubernetesCredential.Basic("x", new Secret("p")));
        KubernetesConfiguration.FromKubeconfig(Config("")).Credential.ShouldBeOfType<KubernetesCredential.None>();
    }

    [Fact]
    public void Several_files_are_merged_and_the_first_to_name_something_wins()
    {
        string one = Write("one", """
            current-context: a
            contexts: [{name: a, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "https://one.example"}}]
            """);
        string two = Write("two", """
            current-context: b
            contexts: [{name: b, context: {cluster: d, user: u}}]
            clusters: [{name: c, cluster: {server: "https://never.example"}}, {name: d, cluster: {server: "https://two.example"}}]
            users: [{name: u, user: {token: t}}]
            """);
        string[] paths = [Path.Combine(_folder, "missing"), one, two];
        KubernetesConfiguration a = KubernetesConfiguration.FromKubeconfigFiles(paths);
        a.Server.Host.ShouldBe("one.example");
        a.Credential.ShouldBe(new KubernetesCredential.Token(new Secret("t")));
        KubernetesConfiguration.FromKubeconfigFiles(paths, "b").Server.Host.ShouldBe("two.example");
    }

    [Fact]
    public void Exec_plugins_are_read()
    {
        var exec = KubernetesConfiguration.FromKubeconfig(Config("""
            exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, args: [-x, "5"], env: [{name: A, value: B}],
                   installHint: get it, provideClusterInfo: true, interactiveMode: Never}
            """.Replace("\n", " ")), directory: _folder).Credential.ShouldBeOfType<KubernetesCredential.Exec>();
        exec.Command.ShouldBe(Path.Combine(_folder, "bin/login"));
        exec.Arguments.ShouldBe(["-x", "5"]);
        exec.Environment.ShouldBe([KeyValuePair.Create("A", "B")]);
        exec.ProvideClusterInfo.ShouldBeTrue();
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "a: [", "is not YAML: line" },
        { "just text", "is not a kubeconfig" },
        { "kind: Pod", "its kind is \"Pod\"" },
        { "kind: Config", "no current-context" },
        { "current-context: x\ncontexts: [{name: y, context: {}}]", "no context \"x\", which current-context names: there is y" },
        { "current-context: x\ncontexts: [{name: x, context: {}}]", "names no cluster" },
        { "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]", "no cluster \"c\"" },
        { "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: c, cluster: {}}]", "has no server" },
        { Config("", "server: 'ftp://x'"), "is not an http or https address" },
        { Config("", "server: 'https://x', insecure-skip-tls-verify: yes please"), "neither true nor false" },
        { Config("", "server: 'https://x', insecure-skip-tls-verify: true, certificate-authority-data: QQ=="), "remove one of them" },
        { Config("", "server: 'https://x', certificate-authority-data: '***'"), "is not Base64" },
        { Config("", "server: 'https://x', certificate-authority: nowhere.pem"), "cannot be read" },
        { Config("client-key-data: QQ=="), "only one of" },
        { Config("auth-provider: {name: gcp}"), "use exec instead" },
        { Config("as: root"), "not supported" },
        { Config("exec: {apiVersion: client.authentication.k8s.io/v1}"), "exec has no command" },
        { Config("exec: {command: x}"), "exec has no apiVersion" },
        { Config("exec: {command: x, apiVersion: client.authentication.k8s.io/v1alpha1}"), "use client.authentication.k8s.io/v1" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Faults_name_the_field_and_the_fix(string yaml, string message)
        => Should.Throw<FormatException>(() => KubernetesConfiguration.FromKubeconfig(yaml)).Message.ShouldContain(message);

    [Fact]
    public void A_kubeconfig_that_is_nowhere_says_where_it_was_looked_for()
        => Should.Throw<FormatException>(() => KubernetesConfiguration.FromKubeconfigFiles([Path.Combine(_folder, "none")])).Message.ShouldContain("none");

    [Fact]
    public void A_pod_finds_its_service_account()
    {
        Should.Throw<FormatException>(() => KubernetesConfiguration.InCluster("10.0.0.1", "443", _folder)).Message.ShouldContain("token");
        Write("token", "t");
        Write("ca.crt", "CA");
        Write("namespace", "kube-system\n");
        KubernetesConfiguration c = KubernetesConfiguration.InCluster("fd00::1", "6443", _folder);
        c.Server.ShouldBe(new Uri("https://[fd00::1]:6443/"));
        c.Namespace.ShouldBe("kube-system");
        c.CertificateAuthority.ShouldBe("CA");
        Path.GetFileName(c.Files.Authority).ShouldBe("ca.crt");
        c.Credential.ShouldBe(new KubernetesCredential.TokenFile(Path.Combine(_folder, "token")));
    }
}
