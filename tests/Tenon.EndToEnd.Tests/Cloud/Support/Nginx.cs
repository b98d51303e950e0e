using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>The real nginx in a pod, as the proxy of something else; its answers say whose they are.</summary>
internal static class Nginx
{
    /// <summary>The header with the pod's name.</summary>
    public const string ServedBy = "X-Served-By";

    /// <summary>Starts it on port 80.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="folder">Where its files go.</param>
    /// <param name="upstream">What it is the proxy of: <c>ADDRESS:PORT</c>.</param>
    public static async Task<ServerProgram> StartAsync(CloudPod pod, string folder, string upstream)
    {
        string own = Directory.CreateDirectory(Path.Combine(folder, pod.Name)).FullName;
        string configuration = Path.Combine(own, "nginx.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            daemon off;
            worker_processes 1;
            user www-data;
            pid {{own}}/nginx.pid;
            error_log stderr;
            events {}
            http {
              access_log off;
              client_body_temp_path {{own}}/body;
              proxy_temp_path {{own}}/proxy;
              fastcgi_temp_path {{own}}/fastcgi;
              uwsgi_temp_path {{own}}/uwsgi;
              scgi_temp_path {{own}}/scgi;
              server {
                listen 80;
                add_header {{ServedBy}} {{pod.Name}} always;
                location / {
                  proxy_pass http://{{upstream}};
                }
              }
            }

            """, TestLife.Token);
        return ServerProgram.Start(pod.Namespace, "TERM", "/usr/sbin/nginx", "-p", own, "-e", "stderr", "-c", configuration);
    }
}
