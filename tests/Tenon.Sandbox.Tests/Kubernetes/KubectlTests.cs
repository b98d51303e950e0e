using System.Diagnostics;

namespace Tenon.Sandbox.Tests.Kubernetes;

/// <summary>
/// The real kubectl at work: the one on the PATH, and another (such as Debian's 1.20) where <c>KUBECTL</c> names it.
/// </summary>
[Trait("tier", "slow")]
public sealed class KubectlTests : IAsyncLifetime
{
    private const int Limit = 180_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("tenon-kubectl-").FullName;
    private SandboxHost _host = null!;

    public static TheoryData<string> Kubectls => new(Candidates());

    public async ValueTask InitializeAsync()
    {
        _host = await SandboxHost.StartAsync(new SandboxOptions { Nodes = 2 }, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "kubeconfig"), _host.Kubeconfig, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Kubectls))]
    public async Task An_application_lives_and_dies(string kubectl)
    {
        await InitializeNodesAsync(kubectl);
        await RunAsync(kubectl, "create namespace shop");
        await File.WriteAllTextAsync(Path.Combine(_folder, "app.yaml"), Application, TestContext.Current.CancellationToken);

        (await RunAsync(kubectl, "apply -f app.yaml")).ShouldContain("deployment.apps/web created");
        (await RunAsync(kubectl, "-n shop rollout status deployment/web --timeout=60s")).ShouldContain("successfully rolled out");
        (await RunAsync(kubectl, "-n shop wait --for=condition=Available deployment/web --timeout=30s")).ShouldContain("condition met");
        (await RunAsync(kubectl, "-n shop get pods -l app=web -o wide")).ShouldContain("Running");
        (await RunAsync(kubectl, "-n shop get service web")).ShouldMatch(@"web\s+NodePort\s+10\.254\.\d+\.\d+\s+<none>\s+80:3\d{4}/TCP");
        (await RunAsync(kubectl, "-n shop get endpoints web")).ShouldContain(":80");
        (await RunAsync(kubectl, "apply -f app.yaml")).ShouldContain("deployment.apps/web unchanged");
        (await RunAsync(kubectl, "-n shop describe deployment web")).ShouldContain("3 desired | 3 updated | 3 total | 3 available");
        (await RunAsync(kubectl, "-n shop describe service web")).ShouldContain("Endpoints:");
        (await RunAsync(kubectl, "-n shop scale deployment web --replicas=1")).ShouldContain("scaled");
        await RunAsync(kubectl, "-n shop set image deployment/web web=nginx:1.26");
        (await RunAsync(kubectl, "-n shop rollout status deployment/web --timeout=60s")).ShouldContain("successfully rolled out");
        (await RunAsync(kubectl, "-n shop rollout history deployment/web")).ShouldContain("2");
        (await RunAsync(kubectl, "delete -f app.yaml --timeout=60s")).ShouldContain("deployment.apps \"web\" deleted");
        (await RunAsync(kubectl, "delete namespace shop --timeout=60s")).ShouldContain("deleted");
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Kubectls))]
    public async Task Objects_are_changed_in_every_way(string kubectl)
    {
        await RunAsync(kubectl, "create configmap conf --from-literal=a=1");
        await RunAsync(kubectl, "create secret generic key --from-literal=password=hidden");
        (await RunAsync(kubectl, "label configmap conf tier=front")).ShouldContain("labeled");
        (await RunAsync(kubectl, "annotate configmap conf note=hello")).ShouldContain("annotated");
        (await RunAsync(kubectl, "patch configmap conf --type=merge -p {\"data\":{\"b\":\"2\"}}")).ShouldContain("patched");
        (await RunAsync(kubectl, "patch configmap conf --type=json -p [{\"op\":\"remove\",\"path\":\"/data/a\"}]")).ShouldContain("patched");
        (await RunAsync(kubectl, "get configmap conf -o jsonpath={.data}")).ShouldBe("""{"b":"2"}""");
        (await RunAsync(kubectl, "get configmaps -l tier=front -o name")).Trim().ShouldBe("configmap/conf");
        (await RunAsync(kubectl, "edit configmap conf", editor: "sed -i s/hello/goodbye/")).ShouldContain("edited");
        (await RunAsync(kubectl, "describe configmap conf")).ShouldContain("goodbye");
        (await RunAsync(kubectl, "describe secret key")).ShouldContain("6 bytes");
        await File.WriteAllTextAsync(Path.Combine(_folder, "conf.yaml"),
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {c: \"3\"}\n", TestContext.Current.CancellationToken);
        (await RunAsync(kubectl, "apply --server-side --field-manager=me -f conf.yaml")).ShouldContain("serverside-applied");
        (await RunAsync(kubectl, "replace -f conf.yaml")).ShouldContain("replaced");
        (await RunAsync(kubectl, "delete configmap conf --now")).ShouldContain("deleted");
        (await RunAsync(kubectl, "get configmap conf", succeeds: false)).ShouldContain("Error from server (NotFound): configmaps \"conf\" not found");
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Kubectls))]
    public async Task Nodes_are_shown_tainted_and_drained(string kubectl)
    {
        await InitializeNodesAsync(kubectl);

        (await RunAsync(kubectl, "get nodes")).ShouldMatch(@"node-1\s+Ready\s+<none>");
        (await RunAsync(kubectl, "get nodes -o wide")).ShouldContain("CONTAINER-RUNTIME");
        (await RunAsync(kubectl, "describe node node-1")).ShouldContain("Conditions:");
        (await RunAsync(kubectl, "taint nodes node-1 key=value:NoSchedule")).ShouldContain("tainted");
        (await RunAsync(kubectl, "taint nodes node-1 key-")).ShouldContain("untainted");
        (await RunAsync(kubectl, "cordon node-1")).ShouldContain("cordoned");
        (await RunAsync(kubectl, "get node node-1")).ShouldContain("Ready,SchedulingDisabled");
        (await RunAsync(kubectl, "drain node-1 --ignore-daemonsets --timeout=60s")).ShouldContain("node-1");
        (await RunAsync(kubectl, "uncordon node-1")).ShouldContain("uncordoned");
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Kubectls))]
    public async Task The_api_explains_itself_and_says_who_may_what(string kubectl)
    {
        (await RunAsync(kubectl, "api-resources")).ShouldContain("customresourcedefinitions");
        (await RunAsync(kubectl, "api-versions")).ShouldContain("apps/v1");
        (await RunAsync(kubectl, "version")).ShouldContain("v1.32");
        (await RunAsync(kubectl, "explain service.spec.ports")).ShouldContain("nodePort");
        (await RunAsync(kubectl, "auth can-i create pods")).Trim().ShouldEndWith("yes");
        (await RunAsync(kubectl, "auth can-i create pods --as=bob", succeeds: false)).Trim().ShouldStartWith("no");
        (await RunAsync(kubectl, "auth can-i --list")).ShouldContain("*.*");
        (await RunAsync(kubectl, "get pods --as=bob", succeeds: false)).ShouldContain("pods is forbidden: User \"bob\" cannot list resource \"pods\"");
        (await RunAsync(kubectl, "get clusterroles")).ShouldContain("system:discovery");
    }

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Kubectls))]
    public async Task Custom_resources_come_and_go(string kubectl)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "crd.yaml"), Definition, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "bad.yaml"),
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: bad}\nspec: {size: 99}\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_folder, "good.yaml"),
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: good}\nspec: {size: 3}\n", TestContext.Current.CancellationToken);

        (await RunAsync(kubectl, "apply -f crd.yaml")).ShouldContain("created");
        (await RunAsync(kubectl, "wait --for=condition=Established crd/widgets.example.com --timeout=30s")).ShouldContain("condition met");
        (await RunAsync(kubectl, "apply -f good.yaml")).ShouldContain("widget.example.com/good created");
        (await RunAsync(kubectl, "apply -f bad.yaml", succeeds: false)).ShouldContain("should be less than or equal to 9");
        (await RunAsync(kubectl, "get wid")).ShouldMatch(@"NAME\s+SIZE\s*\n?\s*good\s+3");
        (await RunAsync(kubectl, "explain widgets.spec")).ShouldContain("size");
        (await RunAsync(kubectl, "scale widget good --replicas=5")).ShouldContain("scaled");
        (await RunAsync(kubectl, "get widget good -o jsonpath={.spec.size}")).ShouldBe("5");
        (await RunAsync(kubectl, "delete -f crd.yaml --timeout=30s")).ShouldContain("deleted");
        (await RunAsync(kubectl, "get widgets.example.com", succeeds: false)).ShouldContain("the server doesn't have a resource type");
    }

    private static IEnumerable<string> Candidates()
    {
        yield return "kubectl";
        if (Environment.GetEnvironmentVariable("KUBECTL") is { Length: > 0 } other && other != "kubectl") yield return other;
    }

    private static bool IsInstalled(string program) => program.Contains('/', StringComparison.Ordinal)
        ? File.Exists(program)
        : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Does what the cloud controller would: makes the nodes schedulable.</summary>
    private Task<string> InitializeNodesAsync(string kubectl) => RunAsync(kubectl, "taint nodes --all node.cloudprovider.kubernetes.io/uninitialized-");

    private async Task<string> RunAsync(string kubectl, string arguments, bool succeeds = true, string editor = "true")
    {
        Assert.SkipUnless(IsInstalled(kubectl), $"{kubectl} is not installed");
        var start = new ProcessStartInfo(kubectl, arguments.Split(' '))
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder,
        };
        start.Environment["KUBECONFIG"] = Path.Combine(_folder, "kubeconfig");
        start.Environment["HOME"] = _folder;
        start.Environment["KUBE_EDITOR"] = editor;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        string text = await output + await errors;
        (process.ExitCode == 0).ShouldBe(succeeds, $"kubectl {arguments}:\n{text}");
        return text;
    }

    private const string Application = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: shop}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - {name: web, image: "nginx:1.25", ports: [{containerPort: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: shop}
        spec:
          type: NodePort
          selector: {app: web}
          ports: [{name: http, port: 80}]
        """;

    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: widgets, kind: Widget, shortNames: [wid]}
          versions:
          - name: v1
            served: true
            storage: true
            subresources:
              scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}
            additionalPrinterColumns:
            - {name: Size, type: integer, jsonPath: .spec.size}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    properties:
                      size: {type: integer, maximum: 9, description: How large it is.}
        """;
}
