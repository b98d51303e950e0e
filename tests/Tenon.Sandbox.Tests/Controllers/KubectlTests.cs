using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes;

namespace Tenon.Sandbox.Tests.Controllers;

/// <summary>What users do with kubectl. It is the one of the PATH; <c>KUBECTL</c> names another, such as Debian's 1.20.</summary>
[Trait("tier", "slow")]
public sealed class KubectlTests : IAsyncLifetime
{
    private const int Limit = 120_000;
    private const string Application = """
        apiVersion: v1
        kind: ReplicationController
        metadata: {name: leonardo, labels: {name: leonardo, uses: nginx}}
        spec:
          replicas: 3
          selector: {name: leonardo}
          template:
            metadata: {labels: {name: leonardo, uses: nginx}}
            spec: {containers: [{name: leonardo, image: "leonardo:1", ports: [{containerPort: 8080}]}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: ftleonardo, labels: {name: leonardo}}
        spec: {type: LoadBalancer, ports: [{port: 80, targetPort: 8080}], selector: {name: leonardo}}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: c, image: "nginx:1", ports: [{name: http, containerPort: 80}]}]}
        """;

    private static readonly string Program = Environment.GetEnvironmentVariable("KUBECTL") ?? "kubectl";
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tenon-kubectl-");
    private SandboxHost _sandbox = null!;

    public async ValueTask InitializeAsync()
    {
        _sandbox = await SandboxHost.StartAsync(new SandboxOptions { Nodes = 3 }, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(In("kubeconfig"), _sandbox.Kubeconfig, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(In("app.yaml"), Application, TestContext.Current.CancellationToken);
        Assert.SkipUnless(await IsInstalledAsync(), "kubectl is not installed");
        await RunAsync("taint", "nodes", "--all", "node.cloudprovider.kubernetes.io/uninitialized-");
    }

    public async ValueTask DisposeAsync()
    {
        await _sandbox.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact(Timeout = Limit)]
    public async Task The_application_is_applied_rolled_out_scaled_edited_rolled_back_and_deleted()
    {
        (await RunAsync("apply", "-f", In("app.yaml"))).ShouldContain("deployment.apps/web created");
        (await RunAsync("rollout", "status", "deployment/web", "--timeout=30s")).ShouldContain("successfully rolled out");
        (await RunAsync("apply", "-f", In("app.yaml"))).Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldAllBe(l => l.EndsWith("unchanged"));
        await RunAsync("scale", "rc/leonardo", "--replicas=1");
        await RunAsync("wait", "--for=condition=Available", "deployment/web", "--timeout=30s");
        await RunAsync("set", "image", "deployment/web", "c=nginx:2");
        await RunAsync("rollout", "status", "deployment/web", "--timeout=30s");
        (await RunAsync("rollout", "undo", "deployment/web")).ShouldContain("rolled back");
        await RunAsync("rollout", "status", "deployment/web", "--timeout=30s");
        (await RunAsync("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}")).ShouldBe("nginx:1");

        string editor = In("edit");
        await File.WriteAllTextAsync(editor, "#!/bin/sh\nsed -i 's/nginx:1/nginx:3/' \"$1\"\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(editor, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        (await RunAsync("edit", "deployment", "web")).ShouldContain("edited");
        (await RunAsync("get", "deployment", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}")).ShouldBe("nginx:3");
        (await RunAsync("describe", "deployment", "web")).ShouldContain("ScalingReplicaSet");

        await RunAsync("delete", "-f", In("app.yaml"));
        (await RunAsync("get", "all", "-o", "name")).ShouldNotContain("deployment");
    }

    [Fact(Timeout = Limit)]
    public async Task What_was_applied_by_the_client_goes_on_by_the_server_and_conflicts_are_named()
    {
        await RunAsync("apply", "-f", In("app.yaml"));
        (await RunAsync("apply", "--server-side", "-f", In("app.yaml"))).ShouldContain("deployment.apps/web serverside-applied");
        JsonObject live = _sandbox.Kubernetes.Objects.Store.Get(new("apps", "deployments"), new("default", "web"))!.Document;
        live.Objects("metadata", "managedFields").Where(m => m.Text("operation") == "Apply").Select(m => m.Text("manager")).ShouldContain("kubectl");

        await File.WriteAllTextAsync(In("other.yaml"), Application.Replace("replicas: 2", "replicas: 4", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        (int code, string output) = await TryAsync("apply", "--server-side", "--field-manager=other", "-f", In("other.yaml"));
        code.ShouldBe(1);

        // Old clients leave the record of their own applies behind: then there are two owners.
        output.ShouldMatch(@"Apply failed with (1 conflict: conflict with ""kubectl"": \.spec\.replicas|2 conflicts: conflicts with ""kubectl"":\n- \.spec\.replicas)");
        await RunAsync("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", In("other.yaml"));
        (await RunAsync("get", "deployment", "web", "-o", "jsonpath={.spec.replicas}")).ShouldBe("4");
    }

    [Fact(Timeout = Limit)]
    public async Task Fields_are_explained_and_unknown_ones_refused()
    {
        (await RunAsync("explain", "deployment.spec.strategy.rollingUpdate")).ShouldContain("maxSurge");
        string ports = await RunAsync("explain", "service.spec.ports");
        ports.ShouldContain("targetPort");
        ports.ShouldNotContain("<no description>");
        await File.WriteAllTextAsync(In("bad.yaml"), Application.Replace("targetPort", "tragetPort", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        (int code, string output) = await TryAsync("apply", "-f", In("bad.yaml"));
        code.ShouldBe(1);
        output.ShouldContain("tragetPort");
    }

    [Fact(Timeout = Limit)]
    public async Task Jobs_complete_and_namespaces_go_with_what_is_in_them()
    {
        await RunAsync("create", "namespace", "t");
        await RunAsync("-n", "t", "create", "deployment", "d", "--image=nginx");
        await RunAsync("-n", "t", "create", "job", "j", "--image=busybox", "--", "true");
        await RunAsync("-n", "t", "wait", "--for=condition=Complete", "job/j", "--timeout=30s");
        await RunAsync("-n", "t", "rollout", "status", "deployment/d", "--timeout=30s");
        await RunAsync("delete", "namespace", "t", "--timeout=30s");
        (await TryAsync("get", "namespace", "t")).Output.ShouldContain("NotFound");
    }

    [Fact(Timeout = Limit)]
    public async Task A_drained_node_gives_its_pods_to_others()
    {
        await RunAsync("apply", "-f", In("app.yaml"));
        await RunAsync("rollout", "status", "deployment/web", "--timeout=30s");
        await RunAsync("drain", "node-1", "--timeout=30s");
        await RunAsync("rollout", "status", "deployment/web", "--timeout=30s");
        (await RunAsync("get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}")).ShouldNotContain("node-1");
        (await RunAsync("get", "nodes", "node-1")).ShouldContain("SchedulingDisabled");
    }

    private static async Task<bool> IsInstalledAsync()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(Program, ["version", "--client"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private string In(string file) => Path.Combine(_directory.FullName, file);

    private async Task<string> RunAsync(params string[] arguments)
    {
        (int code, string output) = await TryAsync(arguments);
        code.ShouldBe(0, $"kubectl {string.Join(' ', arguments)}: {output}");
        return output;
    }

    private async Task<(int Code, string Output)> TryAsync(params string[] arguments)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KUBECONFIG"] = In("kubeconfig");
        start.Environment["HOME"] = _directory.FullName;
        start.Environment["EDITOR"] = In("edit");
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(token), error = process.StandardError.ReadToEndAsync(token);
        await process.WaitForExitAsync(token);
        return (process.ExitCode, await output + await error);
    }
}
